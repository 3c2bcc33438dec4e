// npm run bench -- [--full] [--rounds 5] [--broker mosquitto] [--write] [--report] [part of a workload's name ...]
import { parseArgs } from 'node:util';
import { CONTESTANTS } from './contestants/contestants.js';
import { BROKERS } from './harness/brokers.js';
import { printReport } from './harness/console-report.js';
import { hold } from './harness/contest.js';
import { checkDocument, keep, writeDocument } from './harness/document.js';
import { environment } from './harness/environment.js';
import { measurementOf } from './harness/measurement.js';
import { among, isMarked } from './harness/selection.js';
import type { Workload } from './harness/workload.js';
import { WORKLOADS } from './workloads/workloads.js';

const { values: options, positionals: names } = parseArgs({
  options: {
    /** All workloads, and all contestants. */
    full: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    broker: { type: 'string', default: 'mosquitto' },
    /** What was measured goes into docs/performance.*. */
    write: { type: 'boolean', default: false },
    /** docs/performance.* are written anew from what was measured before. */
    report: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const inFull = options.full || options.write || names.length > 0;
const rounds = Number(options.rounds ?? (options.full || options.write ? 10 : 3));
if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds is a whole number from 1');
const broker = BROKERS[options.broker];
if (!broker) throw new Error(`--broker is one of ${Object.keys(BROKERS).join(', ')}`);
if (options.write && options.broker !== 'mosquitto') throw new Error('--write is for Mosquitto: marks are about it');

if (options.report) await writeDocument(WORKLOADS);
else await measureAll();

async function measureAll(): Promise<void> {
  if (options.write) await checkDocument(WORKLOADS); // now, not in the end
  const where = await environment(broker!.start);
  console.log(`Node ${where.node}, ${where.cpu}, ${where.broker}`);
  const leftOut = new Set(broker!.leavesOut.flatMap(({ contestants }) => contestants));
  for (const { because, contestants } of broker!.leavesOut) {
    console.log(`Left out (${because}): ${contestants.map((name) => CONTESTANTS[name].label).join('; ')}`);
  }

  for (const workload of WORKLOADS.filter(chosen)) {
    const all = among(workload, (contestant) => !leftOut.has(contestant));
    const held = inFull ? all : among(all, (contestant) => isMarked(all, contestant));
    try {
      const results = await hold(held, Math.min(rounds, workload.rounds ?? Infinity), broker!.start);
      const measurement = measurementOf(results, where);
      if (!(await printReport(held, measurement))) process.exitCode = 1;
      if (options.write) await keep(workload, measurement);
    } catch (error) {
      console.error(`\n${workload.name} has failed, the others go on:`, error);
      process.exitCode = 1;
    }
  }
  if (options.write) await writeDocument(WORKLOADS);
}

function chosen({ name, short = false }: Workload): boolean {
  return names.length > 0 ? names.some((part) => name.includes(part)) : options.full || short;
}
