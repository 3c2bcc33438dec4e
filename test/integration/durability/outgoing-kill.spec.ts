import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'mqtt';
import { closeAfterTest } from '../../support/closing.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { durable, type DurableConnection } from '../../support/durable-session.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Gate } from '../../support/gate.js';
import { Journal } from '../../support/journal.js';
import { Random } from '../../support/random.js';
import { connectionTo, startInProcessBroker, startMosquitto } from '../../support/test-broker.js';
import type { Accepted, PublishingWorkerParameters } from './workers/publishing-worker.js';

const { seed } = Random.fromEnvironment();

/** The broker can be reached, cannot, or not any more: each as often. */
const KILLS = 6;
/** In turn at QoS 1 and 2. */
const TOPICS = ['kept/a', 'kept/b', 'kept/c', 'kept/d'];
const PER_LIFE = 60;
const LONGEST_MS = 4;
const TIMEOUT_MS = 120_000; // for a machine that has other things to do
/** For all that the earlier lives have left: each message is written to the disk and removed from it. */
const SETTLED_MS = 60_000;

/** What comes to a session that survives, `<topic> <number>`, each message when it comes first. */
async function firstArrivals({ url, ...options }: DurableConnection): Promise<Journal<string>> {
  const arrivals = new Journal<string>();
  const seen = new Set<string>();
  const client = connect(url, options);
  closeAfterTest(() => client.endAsync(true));
  client.on('packetreceive', (packet) => {
    if (packet.cmd !== 'publish') return;
    const arrival = `${packet.topic} ${packet.payload.toString()}`;
    if (!seen.has(arrival)) arrivals.add(arrival);
    seen.add(arrival);
  });
  await client.subscribeAsync('kept/#', { qos: 2 });
  return arrivals;
}

describe(`kill -9 of a process that publishes, with its messages in LevelDB (SEED=${seed})`, () => {
  let program: CompiledWorker;
  let folder: string;

  beforeAll(async () => {
    program = await CompiledWorker.compile(new URL('./workers/publishing-worker.ts', import.meta.url));
    folder = await mkdtemp(join(tmpdir(), 'outgoing-'));
  });

  afterAll(async () => {
    await program.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const BROKERS = [
    { name: 'in-process', programs: [], start: startInProcessBroker },
    { name: 'Mosquitto', programs: ['mosquitto'], start: startMosquitto },
  ];
  for (const { name, programs, start } of BROKERS) {
    describeWhereInstalled(programs, name, () => {
      it.each([5, 4] as const)(
        'what the store had is delivered, in order for each topic, online and offline (version %i)',
        async (version) => {
          const random = new Random(seed + version);
          const { url } = await start();
          const arrivals = await firstArrivals(durable(connectionTo(url, version)));
          const gate = await Gate.before(url);
          const accepted = new Journal<Accepted>();
          const parameters = (life: number, count: number): PublishingWorkerParameters => ({
            connection: durable(connectionTo(gate.url, version), 'publisher'),
            folder: join(folder, `${name}-${version}`),
            level: createRequire(import.meta.url).resolve('classic-level'),
            topics: TOPICS,
            first: life * PER_LIFE,
            count,
          });
          let offline = 0;
          for (let life = 0; life < KILLS; life++) {
            if (life % 3 === 1) await gate.shut();
            const before = accepted.size;
            const worker = await program.start(parameters(life, PER_LIFE), accepted);
            await accepted.atLeast(before + random.between(1, PER_LIFE));
            if (life % 3 === 2) await gate.shut();
            await sleep(random.next() * LONGEST_MS);
            await worker.kill();
            if (life % 3 === 0) continue;
            offline += accepted.size - before;
            await gate.open();
          }
          await program.start(parameters(KILLS, 1), accepted);
          await accepted.first((each) => each === 'settled', SETTLED_MS);
          const last = TOPICS.map((topic) => `${topic} ${KILLS * PER_LIFE}`);
          const delivered = await arrivals.until(
            (all) => last.every((each) => all.includes(each)),
            'the last messages',
          );

          const messages = accepted.entries.filter((each) => each.startsWith('kept/'));
          expect(offline).toBeGreaterThan(0);
          expect(messages.filter((each) => !delivered.includes(each))).toEqual([]);
          for (const topic of TOPICS) {
            const numbers = delivered
              .filter((each) => each.startsWith(topic))
              .map((each) => Number(each.split(' ')[1]));
            expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
          }
        },
        TIMEOUT_MS,
      );
    });
  }
});
