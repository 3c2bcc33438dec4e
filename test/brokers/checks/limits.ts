import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { QoS } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import { BrokerCannotError, type Check } from '../check.js';
import { ascending, numbers } from '../numbers.js';
import { onEvent, onRequest } from '../handlers.js';
import type { Scene } from '../scene.js';

const PATTERNS = 5_000;
const BURST = 400;
/** Receive Maximum that the transport's servers announce. */
const DEFAULT_WINDOW = 256;
const SMALL_WINDOW = 2;
const SMALL_PACKET = 2_000;
const SILENCE_MS = 6_000;

const patterns: Check = {
  name: 'patterns-5000',
  title: '5,000 patterns on one server',
  deadlineMs: 120_000,
  async run(scene) {
    const seen = new Journal<string>();
    const filters = Array.from({ length: PATTERNS }, (_, i) => scene.topic(`${i}/+`));
    const handler = onEvent(filters, (_data, context) => seen.add(context.getTopic()));
    await scene.serve({ subscribeOptions: { qos: 1 } }, handler);
    const client = scene.client({ publishOptions: { qos: 1 } });
    const topics = Array.from({ length: 50 }, (_, i) => scene.topic(`${(i * PATTERNS) / 50}/x`));
    for (const topic of topics) await client.publish(topic, 1);
    assert.deepEqual((await seen.atLeast(topics.length)).toSorted(), topics.toSorted());
  },
};

const megabyte: Check = {
  name: 'payload-1mb',
  title: 'A payload of 1 MB, there and back',
  async run(scene) {
    const payload = Buffer.alloc(1_000_000, 'MQTT');
    const options = { subscribeOptions: { qos: 1 }, publishOptions: { qos: 1 } } as const;
    await scene.serve(
      options,
      onRequest(scene.topic('echo'), (data) => data),
    );
    const client = scene.client({ publishOptions: { qos: 1 } });
    const { data } = await client.request<Buffer | string>(scene.topic('echo'), payload);
    assert.equal(Buffer.from(data as string).length, payload.length);
  },
};

const burst = (name: string, title: string, qosOf: (i: number) => QoS): Check => ({
  name,
  title,
  deadlineMs: 30_000,
  async run(scene) {
    const seen = new Journal<number>();
    const handler = onEvent(scene.topic('a'), (data) => seen.add(data as number), { qos: 2 });
    await scene.serve({}, handler);
    const client = scene.client();
    await client.connect();
    const sent = numbers(BURST);
    await Promise.all(sent.map((i) => client.publish(scene.topic('a'), i, { qos: qosOf(i) })));
    await arrived(scene, seen.atLeast(BURST, SILENCE_MS), 2, DEFAULT_WINDOW);
    assert.deepEqual(seen.entries.toSorted(ascending), sent);
  },
});

const smallWindow = (qos: QoS): Check => ({
  name: `window-qos${qos}`,
  title: `A small window (Receive Maximum ${SMALL_WINDOW}) at QoS ${qos}`,
  deadlineMs: 30_000,
  async run(scene) {
    const seen = new Journal<number>();
    let running = 0;
    let most = 0;
    const handler = onEvent(
      scene.topic('a'),
      async (data) => {
        most = Math.max(most, ++running);
        await turn();
        running--;
        seen.add(data as number);
      },
      { qos },
    );
    await scene.serve({ maxConcurrency: SMALL_WINDOW }, handler);
    const client = scene.client({ publishOptions: { qos } });
    await client.connect();
    const sent = numbers(100);
    await Promise.all(sent.map((i) => client.publish(scene.topic('a'), i)));
    await arrived(scene, seen.atLeast(sent.length, SILENCE_MS), qos, SMALL_WINDOW);
    assert.deepEqual(seen.entries.toSorted(ascending), sent);
    assert.ok(most <= SMALL_WINDOW, `${most} ran at once`);
  },
});

/** When not everything comes: does it come to MQTT.js with the same window? */
async function arrived(scene: Scene, all: Promise<unknown>, qos: QoS, receiveMaximum: number): Promise<void> {
  try {
    await all;
  } catch (error) {
    const properties = scene.version === 5 ? { properties: { receiveMaximum } } : {};
    const messages = await scene.watch(scene.topic('control'), qos, properties);
    const peer = scene.client({ publishOptions: { qos } });
    await Promise.all(numbers(BURST).map((i) => peer.publish(scene.topic('control'), i)));
    try {
      await messages.atLeast(BURST, SILENCE_MS);
    } catch {
      throw new BrokerCannotError('stops delivering when the window has been full', { cause: error });
    }
    throw error;
  }
}

const smallPackets: Check = {
  name: 'packets',
  title: `A small Maximum Packet Size (${SMALL_PACKET}): what is larger is left out`,
  versions: [5],
  async run(scene) {
    const seen = new Journal<string>();
    const handler = onEvent(scene.topic('a'), (data) => seen.add(String(data).slice(0, 5)));
    const { server } = await scene.serve(
      { subscribeOptions: { qos: 1 }, properties: { maximumPacketSize: SMALL_PACKET } },
      handler,
    );
    let closed = 0;
    server.on('close', () => closed++);
    const client = scene.client({ publishOptions: { qos: 1 } });
    await client.publish(scene.topic('a'), 'large'.repeat(SMALL_PACKET));
    await client.publish(scene.topic('a'), 'small');
    const [first] = await seen.atLeast(1, SILENCE_MS).catch(() => []);
    if (first === 'large' || closed > 0) throw new BrokerCannotError('sends packets that are too large');
    assert.equal(first, 'small');
  },
};

export const LIMIT_CHECKS: readonly Check[] = [
  patterns,
  megabyte,
  burst('burst-qos1', `${BURST} publishes at once at QoS 1`, () => 1),
  burst('burst-qos2', `${BURST} publishes at once at QoS 2`, () => 2),
  burst('burst-mixed', `${BURST} publishes at once, QoS 1 and 2 in turn`, (i) => (i % 2 ? 1 : 2)),
  smallWindow(1),
  smallWindow(2),
  smallPackets,
];
