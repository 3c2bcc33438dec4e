// Run by start.mjs: prints what came of it as JSON; exit code 1 when something is wrong with it.
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Random } from '../support/random.js';
import { runFuzz } from './run-fuzz.js';

const [packets = '100000', protocolVersion = '5'] = process.argv.slice(2);
Logger.overrideLogger(false);
const random = Random.fromEnvironment();
const result = await runFuzz({
  packets: Number(packets),
  protocolVersion: Number(protocolVersion) as 4 | 5,
  random,
});
process.stdout.write(`${JSON.stringify({ seed: random.seed, ...result }, undefined, 2)}\n`);
if (result.problems.length > 0) process.exitCode = 1;
