/**
 * Quick start: devices report temperatures, two workers share them, and an HTTP route asks the workers over MQTT.
 *
 *   MQTT_URL     broker to use; default: the in-process broker
 *   PORT         HTTP port of the first worker, the second takes the next one; default 3000
 *   SAMPLE_EXIT  set: plays one round, checks it, and exits with 0 on success
 */
import 'reflect-metadata';
import { startBroker } from './broker.js';
import { printInvitation } from './invitation.js';
import { playRound } from './round.js';
import { freePort } from './free-port.js';
import { startWorker } from './worker.js';

const firstPort = Number(process.env['PORT'] ?? 3000);

const broker = await startBroker(process.env['MQTT_URL']);
const workers = [
  await startWorker('worker-1', broker.url, await freePort(firstPort)),
  await startWorker('worker-2', broker.url, await freePort(firstPort + 1)),
];

async function stop(): Promise<void> {
  for (const worker of workers) await worker.close();
  await broker.close();
}

const problems = await playRound(broker.url, await workers[0]!.getUrl());
for (const problem of problems) console.error(`Failed check: ${problem}`);

if (process.env['SAMPLE_EXIT']) {
  await stop();
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  printInvitation(broker.url, await workers[1]!.getUrl());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}
