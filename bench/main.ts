// npm run bench -- [--full] [--rounds 5] [--broker mosquitto] [--write] [part of a workload's name ...]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { BROKERS } from './harness/broker.js';
import { hold } from './harness/contest.js';
import { printReport } from './harness/console-report.js';
import { WORKLOADS } from './workloads/workloads.js';

const { values, positionals } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    broker: { type: 'string', default: 'mosquitto' },
    write: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const startBroker = BROKERS[values.broker];
if (!startBroker) throw new Error(`--broker is one of ${Object.keys(BROKERS).join(', ')}`);
const rounds = Number(values.rounds ?? (values.full ? 10 : 3));
const chosen = WORKLOADS.filter(
  ({ name, short = false }) =>
    positionals.some((part) => name.includes(part)) || (positionals.length === 0 && (values.full || short)),
);

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${values.broker}`);
for (const workload of chosen) {
  const results = await hold(workload, Math.min(rounds, workload.rounds ?? Infinity), startBroker);
  if (!printReport(workload, results)) process.exitCode = 1;
}
