import { expect, it } from '@jest/globals';
import type { IPublishPacket } from 'mqtt';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

/** Well above what any broker lets a client have under way at once. */
const BATCHES = [
  [1, 2_000],
  [2, 500],
] as const;

describeEachBroker(
  'a batch that is larger than the publish window (row 16)',
  (broker) => {
    it.each(BATCHES)(
      'at QoS %i: all %i messages arrive, in order, and the broker never has to refuse',
      async (qos, count) => {
        const peer = await connectMqttJs(broker);
        const messages: Journal<IPublishPacket> = await subscribeMqttJs(peer, `batch/${qos}`, { qos });
        const tap = await tapWire(broker.connection);
        const client = createClient(tap.connection);
        await client.connect();
        await Promise.all(Array.from({ length: count }, (_, i) => client.publish(`batch/${qos}`, i, { qos })));
        const numbers = (await messages.atLeast(count)).map(({ payload }) => Number(payload));
        expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(tap.sent('broker', 'disconnect')).toEqual([]);
        const reasons = [...tap.sent('broker', 'puback'), ...tap.sent('broker', 'pubrec')];
        expect(reasons).toHaveLength(count);
        expect(reasons.filter(({ reasonCode = 0 }) => reasonCode >= 0x80)).toEqual([]);
        expect(tap.sent('client', 'connect')).toHaveLength(1);
        expect(mostUnderWay(tap.packets.entries)).toBeLessThanOrEqual(windowOf(tap.sent('broker', 'connack')[0]));
      },
    );
  },
  // Mosquitto's own default, written out
  { inProcess: [{ receiveMaximum: 10 }], mosquitto: { config: ['max_inflight_messages 20'] } },
);

/** 3.1.1 has no Receive Maximum: a client knows no window there, and brokers have to take what comes. */
function windowOf(connack: { properties?: { receiveMaximum?: number } } | undefined): number {
  return connack?.properties?.receiveMaximum ?? Infinity;
}

function mostUnderWay(
  entries: readonly { packet: { cmd: string; reasonCode?: number; qos?: number }; from: string }[],
): number {
  let underWay = 0;
  let most = 0;
  for (const { packet, from } of entries) {
    if (from === 'client' && packet.cmd === 'publish') most = Math.max(most, ++underWay);
    if (from === 'broker' && (packet.cmd === 'puback' || packet.cmd === 'pubcomp')) underWay--;
  }
  return most;
}
