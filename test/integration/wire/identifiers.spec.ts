import { describe, expect, it } from '@jest/globals';
import type { ClientMqtt } from '../../../lib/index.js';
import type { MqttBroker } from '../../../lib/testing/index.js';
import { ConnectionClosedError } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { rejection } from '../lifecycle/scene.js';

const IDENTIFIERS = 65_535;
/** As many as are under way at once without being slow. */
const BATCH = 257;
const TIMEOUT_MS = 120_000; // 65,535 exchanges take some seconds

interface Round {
  readonly broker: MqttBroker;
  readonly client: ClientMqtt;
  /** The messages that are not acknowledged: the first one's identifier is the next in turn, the last one's comes behind it. */
  readonly held: readonly [Promise<void>, Promise<void>];
  readonly identifiers: readonly [number, number];
  /** Packets that have used one of these identifiers while they were under way, with their topics. */
  readonly reused: Journal<string>;
  /** Lets the acknowledgement of the first through from now on. */
  readonly answer: () => void;
}

/** A client with two QoS 1 messages that are not acknowledged, while all other identifiers go round once. */
async function goRound(version: 4 | 5): Promise<Round> {
  const { broker, url } = await startInProcessBroker();
  const client = createClient({ ...connectionTo(url, version), clientId: 'round', gracefulTimeout: 0 });
  await client.connect();
  const hold = async (topic: string): Promise<{ answer: () => void; promise: Promise<void>; identifier: number }> => {
    const answer = broker.faults.withhold('in', { cmd: 'publish', topic });
    const arrived = broker.waitFor('packet', ({ packet }) => packet.cmd === 'publish' && packet.topic === topic);
    const promise = client.publish(topic, 'held', { qos: 1 });
    promise.catch(() => {}); // it may end before anybody looks
    return { answer, promise, identifier: (await arrived).packet.messageId! };
  };
  const first = await hold('held/answered');
  const last = await hold('held/never');
  const identifiers = [first.identifier, last.identifier] as const;
  const reused = new Journal<string>();
  broker.on('packet', ({ direction, packet }) => {
    if (direction === 'in' && identifiers.includes(packet.messageId!))
      reused.add(packet.cmd === 'publish' ? `publish ${packet.topic}` : packet.cmd);
  });
  for (let sent = 0; sent < IDENTIFIERS - 2;) {
    const batch = Math.min(BATCH, IDENTIFIERS - 2 - sent);
    const settled: Promise<void>[] = [];
    for (let n = 0; n < batch; n++, sent++)
      settled.push(client.publish('round', sent, { qos: sent % 16 === 0 ? 2 : 1 }));
    await Promise.all(settled);
  }
  return { broker, client, held: [first.promise, last.promise], identifiers, reused, answer: first.answer };
}

describe.each([5, 4] as const)(
  'row 3: QoS 1 messages unacknowledged while 65,535 identifiers go round, QoS 2 in between, protocol version %i',
  (version) => {
    it(
      'keep their identifiers from PUBLISH and SUBSCRIBE; one resolves when it is sent again, one is rejected at close',
      async () => {
        const { broker, client, held, identifiers, reused, answer } = await goRound(version);
        // the next identifiers in turn are those of the held messages
        const subscribed = broker.waitFor('packet', ({ packet }) => packet.cmd === 'subscribe');
        const listening = client.messages('round/heard').subscribe();
        const next = (identifiers[1] % IDENTIFIERS) + 1;
        expect((await subscribed).packet.messageId).toBe(next);
        listening.unsubscribe();
        await client.publish('round', 'after', { qos: 2 });
        expect(reused.entries).toEqual([]);
        answer();
        broker.faults.drop('round');
        await held[0];
        expect(reused.entries[0]).toBe('publish held/answered');
        await client.close();
        const error = await rejection(held[1]);
        expect(error).toBeInstanceOf(ConnectionClosedError);
        expect(error).toMatchObject({ maybeExecuted: true });
        expect(reused.entries.filter((use) => !use.startsWith('publish held/'))).toEqual([]);
      },
      TIMEOUT_MS,
    );
  },
);
