import assert from 'node:assert/strict';
import { Journal } from '../../support/journal.js';
import { BrokerCannotError, type Check } from '../check.js';
import { ascending, numbers } from '../numbers.js';
import { onEvent, onRequest } from '../handlers.js';
import type { Scene } from '../scene.js';

const MESSAGES = 40;
const PATIENCE_MS = 8_000;
/** What a broker that delivers nothing is given when MQTT.js asks. */
const SILENCE_MS = 3_000;

const group: Check = {
  name: 'shared-group',
  title: 'Shared groups: each message to one member, over several filters',
  deadlineMs: 40_000,
  async run(scene) {
    const seen = new Journal<number>();
    const handler = onEvent([scene.topic('a/+'), scene.topic('b/+')], (data) => seen.add(data as number));
    const options = { subscribeOptions: { qos: 1, shared: 'workers' } } as const;
    await scene.serve(options, handler);
    const leaving = await scene.serve(options, handler);
    const client = scene.client({ publishOptions: { qos: 1 } });
    const publish = async (from: number): Promise<void> => {
      for (let i = from; i < from + MESSAGES; i++) await client.publish(scene.topic(`${i % 2 ? 'a' : 'b'}/1`), i);
    };
    await publish(0);
    await deliveredOrBlamed(scene, seen.atLeast(MESSAGES, PATIENCE_MS));
    assert.deepEqual(seen.entries.toSorted(ascending), numbers(MESSAGES));
    await leaving.app.close();
    await publish(MESSAGES);
    // QoS 1: what the member had acknowledged last may come again
    const all = numbers(2 * MESSAGES);
    await seen.until((entries) => all.every((i) => entries.includes(i)), 'all messages after a member has left');
  },
};

const requests: Check = {
  name: 'shared-requests',
  title: 'Requests dealt to a group of workers',
  deadlineMs: 40_000,
  async run(scene) {
    const options = { subscribeOptions: { qos: 1, shared: 'workers' } } as const;
    const handler = onRequest(scene.topic('double'), (data) => 2 * (data as number));
    await scene.serve(options, handler);
    await scene.serve(options, handler);
    const client = scene.client({ publishOptions: { qos: 1 }, requestTimeout: PATIENCE_MS });
    await client.connect();
    const calls = numbers(MESSAGES).map((i) => client.request<number>(scene.topic('double'), i));
    const replies = await deliveredOrBlamed(scene, Promise.all(calls));
    assert.deepEqual(
      replies.map(({ data }) => data),
      numbers(MESSAGES).map((i) => 2 * i),
    );
  },
};

/** When nothing comes: does it come to MQTT.js? */
async function deliveredOrBlamed<T>(scene: Scene, delivered: Promise<T>): Promise<T> {
  try {
    return await delivered;
  } catch (error) {
    const control = await scene.watch(`$share/control/${scene.topic('control')}`);
    await (await scene.raw()).publishAsync(scene.topic('control'), 'x', { qos: 1 });
    try {
      await control.atLeast(1, SILENCE_MS);
    } catch {
      throw new BrokerCannotError('grants $share and delivers nothing', { cause: error });
    }
    throw error;
  }
}

export const GROUP_CHECKS: readonly Check[] = [group, requests];
