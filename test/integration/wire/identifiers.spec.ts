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

interface Held {
  readonly broker: MqttBroker;
  readonly client: ClientMqtt;
  /** The message that is not acknowledged. */
  readonly held: Promise<void>;
  readonly identifier: number;
  /** Packets that have used its identifier while it was under way. */
  readonly reused: Journal<string>;
  /** Lets its acknowledgement through from now on. */
  readonly answer: () => void;
}

/** A client with a QoS 1 message that is not acknowledged, while all identifiers go round but the last one before it. */
async function goRound(version: 4 | 5): Promise<Held> {
  const { broker, url } = await startInProcessBroker();
  const client = createClient({ ...connectionTo(url, version), clientId: 'round', gracefulTimeout: 0 });
  await client.connect();
  const answer = broker.faults.withhold('in', { cmd: 'publish', topic: 'held' });
  const arrived = broker.waitFor('packet', ({ packet }) => packet.cmd === 'publish' && packet.topic === 'held');
  const held = client.publish('held', 'first', { qos: 1 });
  held.catch(() => {}); // it may end before anybody looks
  const identifier = (await arrived).packet.messageId!;
  const reused = new Journal<string>();
  broker.on('packet', ({ direction, packet }) => {
    if (direction === 'in' && packet.messageId === identifier) reused.add(packet.cmd);
  });
  for (let sent = 0; sent < IDENTIFIERS - 1;) {
    const batch = Math.min(BATCH, IDENTIFIERS - 1 - sent);
    const settled: Promise<void>[] = [];
    for (let n = 0; n < batch; n++, sent++)
      settled.push(client.publish('round', sent, { qos: sent % 16 === 0 ? 2 : 1 }));
    await Promise.all(settled);
  }
  return { broker, client, held, identifier, reused, answer };
}

describe.each([5, 4] as const)(
  'row 3: a QoS 1 message unacknowledged while 65,535 identifiers go round, QoS 2 in between, protocol version %i',
  (version) => {
    it(
      'keeps its identifier from PUBLISH and SUBSCRIBE, and its promise resolves when it is sent again',
      async () => {
        const { broker, client, held, identifier, reused, answer } = await goRound(version);
        // the next identifier in turn is the one of the held message
        const subscribed = broker.waitFor('packet', ({ packet }) => packet.cmd === 'subscribe');
        const listening = client.messages('round/heard').subscribe();
        const next = (identifier % IDENTIFIERS) + 1;
        expect((await subscribed).packet.messageId).toBe(next);
        listening.unsubscribe();
        await client.publish('round', 'after', { qos: 2 });
        expect(reused.entries).toEqual([]);
        answer();
        broker.faults.drop('round');
        await held;
        expect(reused.entries).toEqual(['publish']);
      },
      TIMEOUT_MS,
    );

    it(
      'its promise is rejected when the client closes',
      async () => {
        const { client, held, reused } = await goRound(version);
        await client.publish('round', 'after', { qos: 1 });
        await client.close();
        const error = await rejection(held);
        expect(error).toBeInstanceOf(ConnectionClosedError);
        expect(error).toMatchObject({ maybeExecuted: true });
        expect(reused.entries).toEqual([]);
      },
      TIMEOUT_MS,
    );
  },
);
