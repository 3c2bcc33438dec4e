import { describe, expect, it } from '@jest/globals';
import { MqttBroker } from '../../../lib/testing/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';

const NUMBERS = [0, 1, 2, 3, 4];

async function written(tap: WireTap): Promise<void> {
  await tap.packets.until(() => tap.sent('client', 'publish').length === NUMBERS.length, 'every message');
}

describe.each([5, 4] as const)(
  'QoS 1 messages that a lost connection leaves behind, protocol version %i',
  (version) => {
    it('[MQTT-4.4.0-1] [MQTT-3.3.1-1] are sent again in order, with their Packet Identifiers, marked DUP', async () => {
      const { broker, url } = await startInProcessBroker();
      const tap = await tapWire(durable(connectionTo(url, version), 'sender'));
      const client = createClient(tap.connection);
      await client.connect();
      const deaf = broker.faults.withhold('out', 'puback');
      const settled = Promise.all(NUMBERS.map((n) => client.publish('again', n, { qos: 1 })));
      await written(tap);
      const first = tap.sent('client', 'publish');
      deaf();
      tap.cut();
      await settled;
      const again = tap.sent('client', 'publish').slice(NUMBERS.length);
      expect(first.map(({ dup }) => dup)).toEqual(NUMBERS.map(() => false));
      expect(again).toEqual(first.map((packet) => ({ ...packet, dup: true })));
      expect(again.map(({ payload }) => Number(payload.toString()))).toEqual(NUMBERS);
    });

    it('are not marked DUP where the broker has lost the session: it has not seen them', async () => {
      const { broker, url } = await startInProcessBroker();
      const tap = await tapWire(durable(connectionTo(url, version), 'sender'));
      const client = createClient(tap.connection);
      await client.connect();
      const deaf = broker.faults.withhold('in', 'publish');
      const settled = Promise.all(NUMBERS.map((n) => client.publish('again', n, { qos: 1 })));
      await written(tap);
      const taken = new Journal<number>();
      broker.on('publish', ({ message }) => taken.add(Number(message.payload.toString())));
      deaf();
      broker.faults.endSession('sender');
      await settled;
      expect(taken.entries).toEqual(NUMBERS);
      expect(tap.sent('client', 'publish').map(({ dup }) => dup)).toEqual([...NUMBERS, ...NUMBERS].map(() => false));
    });
  },
);

describe('the Receive Maximum of the next connection', () => {
  it('is kept by what is sent again too, and by what comes after it', async () => {
    const generous = new MqttBroker({ receiveMaximum: 10 });
    const url = await generous.listen();
    const client = createClient(connectionTo(url));
    await client.connect();
    generous.faults.withhold('in', 'publish');
    const settled = Promise.all(NUMBERS.map((n) => client.publish('again', n, { qos: 1 })));
    await generous.waitFor('packet', ({ packet }) => packet.cmd === 'publish' && packet.payload.toString() === '4');
    await generous.close();

    const frugal = new MqttBroker({ receiveMaximum: 2 });
    closeAfterTest(() => frugal.close());
    frugal.faults.delay('out', 'puback', 5); // or there is never more than one
    const taken = new Journal<number>();
    const marks = new Set<boolean>();
    let [underWay, most] = [0, 0];
    frugal.on('packet', ({ direction, packet }) => {
      if (direction === 'in' && packet.cmd === 'publish') {
        most = Math.max(most, ++underWay);
        marks.add(packet.dup);
      }
      if (direction === 'out' && packet.cmd === 'puback') underWay--;
    });
    frugal.on('publish', ({ message }) => taken.add(Number(message.payload.toString())));
    await frugal.listen({ port: Number(new URL(url).port) });
    await Promise.all([settled, client.publish('again', 5, { qos: 1 })]);
    expect([underWay, most]).toEqual([0, 2]);
    expect(taken.entries).toEqual([...NUMBERS, 5]);
    expect([...marks]).toEqual([false]); // it is a new session
  });
});

/** Identifiers that come round again at once. */
class FewIdentifiers {
  private last = 0;
  allocate(): number {
    this.last = (this.last % 3) + 1;
    return this.last;
  }
  getLastAllocated(): number {
    return this.last;
  }
  register(): boolean {
    return true;
  }
  deallocate(): void {}
  clear(): void {}
}

describe('Packet Identifiers', () => {
  it('[MQTT-2.2.1-4] are not given to a message while another one has them', async () => {
    const { broker, url } = await startInProcessBroker();
    const client = createClient({ ...connectionTo(url), messageIdProvider: new FewIdentifiers() });
    await client.connect();
    const deaf = broker.faults.withhold('in', { cmd: 'publish', topic: 'held' });
    const held = client.publish('held', 0, { qos: 1 });
    const used = new Journal<number>();
    broker.on('packet', ({ packet }) => {
      if (packet.cmd === 'publish' && packet.topic === 'free') used.add(packet.messageId!);
    });
    for (const n of NUMBERS) await client.publish('free', n, { qos: 1 });
    expect(used.entries).toEqual([2, 3, 2, 3, 2]);
    deaf();
    broker.faults.drop(broker.sessions[0]!.clientId);
    await held;
  });

  it('packetsend shows QoS 1 messages, though they go past MQTT.js', async () => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    await client.connect();
    const shown = new Journal<unknown>();
    client.on('packetsend', (packet) => shown.add(packet));
    await client.publish('seen', 'x', { qos: 1 });
    expect(shown.entries).toMatchObject([{ cmd: 'publish', topic: 'seen', qos: 1, dup: false, payload: 'x' }]);
  });
});
