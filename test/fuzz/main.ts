// Run by start.mjs: prints what came of it as JSON; exit code 1 when something is wrong with it.
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Random } from '../support/random.js';
import { fuzzReader } from './reader-fuzz.js';
import { runFuzz } from './run-fuzz.js';

const [packets = '100000', protocolVersion = '5'] = process.argv.slice(2);
Logger.overrideLogger(false);
const random = Random.fromEnvironment();
const version = Number(protocolVersion) as 4 | 5;
const reader = fuzzReader(Number(packets), version, random);
const result = await runFuzz({ packets: Number(packets), protocolVersion: version, random });
process.stdout.write(`${JSON.stringify({ seed: random.seed, ...result, reader }, undefined, 2)}\n`);
if (result.problems.length + reader.problems.length > 0) process.exitCode = 1;
