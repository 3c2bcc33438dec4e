// npm run bench -- [--rounds 5] [part of a workload's name ...]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { hold } from './harness/contest.js';
import { report } from './harness/report.js';
import { QOS1_CONSUMPTION } from './workloads/qos1-consumption.js';

const WORKLOADS = [...QOS1_CONSUMPTION];

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const chosen = WORKLOADS.filter(({ name }) => positionals.every((part) => name.includes(part)));
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${values.rounds} rounds`);
for (const workload of chosen) {
  if (!report(workload, await hold(workload, Number(values.rounds)))) process.exitCode = 1;
}
