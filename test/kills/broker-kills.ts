import { setTimeout as sleep } from 'node:timers/promises';
import { ClientMqtt, ConnectionClosedError } from '../../lib/index.js';
import { Random } from '../support/random.js';
import { durableOptions } from './durable-options.js';
import { Incidents } from './incidents.js';
import { Ledger } from './ledger.js';
import { Load } from './load.js';
import type { MortalBroker } from './mortal-broker.js';
import { PublishingOrder } from './publishing-order.js';
import { ResidentWorker } from './resident-worker.js';
import type { RunOptions, RunResult } from './result.js';

/** Most brokers live long enough for the load to be back; some die while connections are made and messages sent again. */
const LIFE_MS = { short: 25, least: 40, most: 200 };
const SHORT_LIVES = 0.2;

/** A broker is killed over and over, between a publisher and a worker that live on and have durable sessions. */
export async function killBroker(
  broker: MortalBroker,
  { protocolVersion, kills, seed }: RunOptions,
): Promise<RunResult> {
  const started = Date.now();
  const random = new Random(seed);
  const [ledger, incidents] = [new Ledger(), new Incidents()];
  const worker = await ResidentWorker.start(broker, protocolVersion, ledger, incidents);
  const client = new ClientMqtt(durableOptions(broker.url, protocolVersion, 'publisher'));
  await client.connect();
  const order = new PublishingOrder(client);
  const load = new Load(client, ledger, new Random(seed + 1));

  load.start();
  let underLoad = 0;
  for (let kill = 0; kill < kills; kill++) {
    const { short, least, most } = LIFE_MS;
    await sleep(random.next() < SHORT_LIVES ? random.between(0, short) : random.between(least, most));
    await broker.kill(random, () => {
      if (load.underWay > 0) underLoad++;
    });
  }
  await load.stop(incidents);
  await incidents.expect(() => worker.isBack, 'the worker is back');
  await load.finish(incidents);
  await incidents.expect(() => ledger.isComplete && ledger.unfinished === 0, 'everything is handled');
  await incidents.end(client.close(), 'the publisher to close');
  await worker.close();

  const uncertain = load.rejections.filter((error) => error instanceof ConnectionClosedError && !broker.inProcess);
  const failures = load.rejections.filter((error) => !uncertain.includes(error));
  incidents.add(...order.problems(), ...failures.map((error) => `a publish has failed: ${String(error)}`));
  return {
    victim: 'broker',
    broker: broker.name,
    protocolVersion,
    kills,
    underLoad,
    ...ledger.totals(),
    ...worker.missing(),
    ...worker.order(),
    unfounded: worker.unfounded(),
    uncertain: uncertain.length,
    durationMs: Date.now() - started,
    incidents: incidents.lines,
  };
}
