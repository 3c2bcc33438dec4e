// Run by start.mjs: prints what became of everything as JSON; exit code 1 when something is wrong with it.
import 'reflect-metadata';
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { Random } from '../support/random.js';
import { runOnce } from './run-once.js';

const [start, events = '20000', requests = '5000', kills = '50'] = process.argv.slice(1);
const worker = new URL('worker.ts', pathToFileURL(start!)); // beside start.mjs: this program is compiled into another folder
const random = Random.fromEnvironment();
Logger.overrideLogger(['warn', 'error', 'fatal']); // late replies are at home here
try {
  const report = await runOnce({
    events: Number(events),
    requests: Number(requests),
    kills: Number(kills),
    random,
    worker,
  });
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  process.exit(report.problems.length > 0 ? 1 : 0);
} catch (error) {
  process.stderr.write(`${(error as Error).stack ?? String(error)} (SEED=${random.seed})\n`, () => process.exit(1));
}
