import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientMqtt } from '../../lib/index.js';
import { Random } from '../support/random.js';
import { AcknowledgementWatch } from './acknowledgement-watch.js';
import { durableOptions } from './durable-options.js';
import { EffectsFile } from './effects-file.js';
import { Incidents } from './incidents.js';
import { Ledger } from './ledger.js';
import { Load } from './load.js';
import type { MortalBroker } from './mortal-broker.js';
import type { RunOptions, RunResult } from './result.js';
import { WorkerLine } from './worker-line.js';

const WORKER = 'worker';
/** From when it serves; some are killed before that, while they connect and the session is resumed. */
const LIFE_MS = 250;
const CONNECTING_MS = 80;
const EARLY_KILLS = 0.2;

/**
 * A worker is killed over and over, and another process takes over its session; broker and publisher live on.
 *
 * @param source worker.ts
 */
export async function killWorkers(
  broker: MortalBroker,
  { protocolVersion, kills, seed }: RunOptions,
  source: URL,
): Promise<RunResult> {
  const started = Date.now();
  const random = new Random(seed);
  const [ledger, incidents] = [new Ledger(), new Incidents()];
  const folder = await mkdtemp(join(tmpdir(), 'kills-'));
  const effects = new EffectsFile(join(folder, 'effects'), ledger);
  const connection = durableOptions(broker.url, protocolVersion, WORKER);
  const line = await WorkerLine.open(source, folder, { connection, effects: effects.path });
  const client = new ClientMqtt(durableOptions(broker.url, protocolVersion, 'publisher'));
  const load = new Load(client, ledger, new Random(seed + 1));
  const acknowledged: { topic: string; n: number }[] = [];
  const watch =
    broker.inProcess &&
    new AcknowledgementWatch(broker.inProcess, WORKER, (topic, n) => void acknowledged.push({ topic, n }));
  /** Whatever becomes of the worker now, what it has acknowledged must have had its effect. */
  const account = (): void => {
    effects.read();
    for (const { topic, n } of acknowledged.splice(0))
      if (!ledger.hasEffect(topic, n)) incidents.add(`${topic} ${n} was acknowledged, and has had no effect`);
  };

  let worker = await line.next();
  await worker.ready(); // the session is there before anything is published
  load.start();
  let underLoad = 0;
  for (let kill = 0; kill < kills; kill++) {
    if (random.next() < EARLY_KILLS) await sleep(random.next() * CONNECTING_MS);
    else {
      await incidents.end(worker.ready(), 'the next worker to serve');
      await sleep(random.next() * LIFE_MS);
    }
    const cutShort = ledger.unfinished;
    incidents.add(...(await line.kill()));
    account();
    if (ledger.unfinished > cutShort) underLoad++;
    worker = await line.next();
  }
  await load.stop(incidents);
  await load.finish(incidents);
  await incidents.expect(() => {
    account();
    return ledger.withoutEffect().length === 0;
  }, 'everything is handled');
  await incidents.end(client.close(), 'the publisher to close');
  incidents.add(...(await line.close()), ...(watch?.problems ?? []));
  account();
  effects.close();
  await rm(folder, { recursive: true, force: true });

  incidents.add(...load.rejections.map((error) => `a publish has failed: ${String(error)}`));
  return {
    victim: 'worker',
    broker: broker.name,
    protocolVersion,
    kills,
    underLoad,
    ...ledger.totals(),
    lost: ledger.withoutEffect().length,
    lostByBroker: 0,
    outOfOrder: ledger.outOfOrder(),
    lateByBroker: 0,
    unfounded: ledger.duplicatesInOneLife(),
    uncertain: 0,
    durationMs: Date.now() - started,
    incidents: incidents.lines,
  };
}
