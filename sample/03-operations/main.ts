/**
 * Operations: an application on two brokers, its health over HTTP, credentials that are rotated, and a graceful shutdown.
 *
 *   PORT         HTTP port; default 3000
 *   SAMPLE_EXIT  set: plays one round, checks it, and exits with 0 on success
 *
 * The sample stops brokers and changes their passwords, so it uses its own in-process brokers.
 */
import 'reflect-metadata';
import { startApplication } from './application.js';
import { startBrokers } from './brokers.js';
import { Vault } from './credentials.js';
import { freePort } from './free-port.js';
import { playRound } from './round.js';
import { say } from './say.js';

const vault = new Vault();
const brokers = await startBrokers(vault);
const first = await startApplication(brokers, vault, await freePort(Number(process.env['PORT'] ?? 3000)));
const { problems, app } = await playRound(brokers, vault, first);
for (const problem of problems) console.error(`Failed check: ${problem}`);

async function stop(): Promise<void> {
  await app.close();
  await brokers.close();
}

if (process.env['SAMPLE_EXIT']) {
  await stop();
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  say(
    'round',
    `over. Try: curl ${await app.getUrl()}/health; mosquitto_sub -t reports -p ${new URL(brokers.officeUrl).port}`,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}
