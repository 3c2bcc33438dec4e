import assert from 'node:assert/strict';
import type { MqttSubscriptionOptions } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import type { Check } from '../check.js';
import { onEvent } from '../handlers.js';

const MESSAGES = 20;
const END = 'end';

/** Each handler of a message runs once for it, however many copies the broker sends. */
const overlap = (
  name: string,
  title: string,
  filters: Readonly<Record<string, MqttSubscriptionOptions>>,
  versions?: readonly (4 | 5)[],
): Check => ({
  name,
  title,
  ...(versions && { versions }),
  async run(scene) {
    const runs = new Journal<string>();
    const handlers = Object.entries(filters).map(([filter, options]) =>
      onEvent(scene.topic(filter), (data) => runs.add(`${filter} ${String(data)}`), options),
    );
    await scene.serve({ subscribeOptions: { qos: 1 } }, ...handlers);
    const client = scene.client({ publishOptions: { qos: 1 } });
    for (let i = 0; i < MESSAGES; i++) await client.publish(scene.topic('a/b'), i);
    await client.publish(scene.topic('a/b'), END);
    await runs.until(
      (all) => Object.keys(filters).every((filter) => all.includes(`${filter} ${END}`)),
      'each handler to run for the last message',
      5_000,
    );
    const sent = [...Array.from({ length: MESSAGES }, (_, i) => `${i}`), END];
    const expected = Object.keys(filters).flatMap((filter) => sent.map((data) => `${filter} ${data}`));
    assert.deepEqual(runs.entries.toSorted(), expected.toSorted());
  },
});

export const OVERLAP_CHECKS: readonly Check[] = [
  overlap('overlap', 'Overlapping handlers `a/+`, `a/#`, `a/b`, `+/b`: each once per message', {
    'a/+': {},
    'a/#': {},
    'a/b': {},
    '+/b': {},
  }),
  overlap(
    'overlap-shared',
    'A group beside a plain handler of the same topics',
    { 'a/+': { shared: 'workers' }, 'a/#': {} },
    [5],
  ),
];
