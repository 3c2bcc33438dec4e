// Run by start.mjs: prints what became of everything as JSON; exit code 1 when something is wrong with it.
import 'reflect-metadata';
import { pathToFileURL } from 'node:url';
import { Random } from '../support/random.js';
import { reportOf } from './report.js';
import type { Victim } from './result.js';
import { runKills } from './run-kills.js';

const VICTIMS: Readonly<Record<string, readonly Victim[]>> = {
  broker: ['broker'],
  worker: ['worker'],
  both: ['broker', 'worker'],
};

const [start, kills = '200', victim = 'both'] = process.argv.slice(1);
const worker = new URL('worker.ts', pathToFileURL(start!)); // beside start.mjs: this program is compiled into another folder
const random = Random.fromEnvironment();
try {
  const victims = VICTIMS[victim];
  if (!victims) throw new Error(`"${victim}" is none of: ${Object.keys(VICTIMS).join(', ')}`);
  const report = reportOf(random.seed, await runKills({ kills: Number(kills), victims, random, worker }));
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  if (report.problems.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${String(error)} (SEED=${random.seed})\n`, () => process.exit(1)); // what goes on would go on for ever
}
