// Run by start.mjs: prints what became of everything as JSON; exit code 1 when something is wrong with it.
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Random } from '../support/random.js';
import { problemsOf } from './problems.js';
import { runChaos } from './run-chaos.js';

const [seconds = '600'] = process.argv.slice(2);
const { gc } = globalThis as { gc?: () => void };
if (!gc) throw new Error('Run it with --expose-gc');

Logger.overrideLogger(false);
const random = Random.fromEnvironment();
const result = await runChaos({ seconds: Number(seconds), random, collectGarbage: gc });
const problems = problemsOf(result);
process.stdout.write(`${JSON.stringify({ seed: random.seed, ...result, problems }, undefined, 2)}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;

// nothing may keep the process from ending: what does is named, and does not hold up whoever waits for the result
const HELD_MS = 5_000;
setTimeout(() => {
  process.stderr.write(`still held: ${process.getActiveResourcesInfo().join(', ')}\n`);
  process.exit();
}, HELD_MS).unref();
