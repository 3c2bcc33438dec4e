import assert from 'node:assert/strict';
import type { QoS } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import { BrokerCannotError, type Check } from '../check.js';
import { numbers } from '../numbers.js';
import { onEvent } from '../handlers.js';

const MESSAGES = 50;
/** After which a broker counts as one that sends nothing. */
const SILENCE_MS = 5_000;

const atQoS = (qos: QoS): Check => ({
  name: `events-qos${qos}`,
  title: `Events at QoS ${qos}: once each, in order`,
  async run(scene) {
    const seen = new Journal<number>();
    const delivered = new Set<QoS>();
    const handler = onEvent(scene.topic('+'), (data, context) => {
      seen.add(data as number);
      delivered.add(context.qos);
    });
    await scene.serve({ subscribeOptions: { qos, maxWorkers: 1 } }, handler);
    const client = scene.client({ publishOptions: { qos } });
    await Promise.all(numbers(MESSAGES).map((i) => client.publish(scene.topic('a'), i)));
    assert.deepEqual(await seen.atLeast(MESSAGES), numbers(MESSAGES));
    if (![...delivered].includes(qos)) throw new BrokerCannotError(`delivers at QoS ${[...delivered].join()}`);
  },
});

const properties: Check = {
  name: 'properties',
  title: 'User Properties and Content Type arrive',
  versions: [5],
  async run(scene) {
    const seen = new Journal<unknown>();
    const handler = onEvent(scene.topic('a'), (_data, { userProperties, contentType }) =>
      seen.add([{ ...userProperties }, contentType]),
    );
    await scene.serve({ subscribeOptions: { qos: 1 } }, handler);
    const client = scene.client({ publishOptions: { qos: 1 } });
    const userProperties = { tenant: 'acme', trace: ['1', '2'] };
    for (let i = 0; i < 3; i++)
      await client.publish(scene.topic('a'), i, { userProperties, contentType: 'application/json' });
    assert.deepEqual(
      await seen.atLeast(3),
      numbers(3).map(() => [userProperties, 'application/json']),
    );
  },
};

const retained = (name: string, title: string, filter: string): Check => ({
  name,
  title,
  async run(scene) {
    const seen = new Journal<[unknown, boolean]>();
    await scene.client().publish(scene.topic('kept'), 'on', { qos: 1, retain: true });
    const handler = onEvent(scene.topic(filter), (data, context) => seen.add([data, context.retain]));
    await scene.serve({ subscribeOptions: { qos: 1 } }, handler);
    try {
      await seen.atLeast(1, SILENCE_MS); // a message that is published meanwhile may overtake it
    } catch (cause) {
      throw new BrokerCannotError('does not send the retained message', { cause });
    }
    await scene.client().publish(scene.topic('kept'), 'off', { qos: 1 });
    assert.deepEqual(await seen.atLeast(2), [
      ['on', true],
      ['off', false],
    ]);
  },
});

const will: Check = {
  name: 'will',
  title: 'The will is published when a connection is lost',
  async run(scene) {
    const wills = await scene.watch(scene.topic('will'));
    const { server } = await scene.serve(
      { will: { topic: scene.topic('will'), payload: Buffer.from('gone'), qos: 1 }, reconnect: false },
      onEvent(scene.topic('a'), () => {}),
    );
    server.unwrap().stream.destroy();
    const [message] = await wills.atLeast(1);
    assert.equal(message?.payload.toString(), 'gone');
  },
};

const aliases: Check = {
  name: 'topic-aliases',
  title: 'Topic Aliases, both ways',
  versions: [5],
  async run(scene) {
    const topics = ['a', 'b', 'c'].map((name) => scene.topic(name));
    const seen = new Journal<string>();
    const handler = onEvent(scene.topic('+'), (data, context) => seen.add(`${context.getTopic()} ${String(data)}`));
    await scene.serve({ subscribeOptions: { qos: 1 }, properties: { topicAliasMaximum: 2 } }, handler);
    const client = scene.client({ publishOptions: { qos: 1 } });
    const sent = numbers(60).map((i) => `${topics[i % 3]} ${i}`);
    for (const [i] of sent.entries()) await client.publish(topics[i % 3]!, i);
    assert.deepEqual((await seen.atLeast(sent.length)).toSorted(), sent.toSorted());
  },
};

export const EVENT_CHECKS: readonly Check[] = [
  ...([0, 1, 2] as const).map(atQoS),
  properties,
  retained('retained', 'Retained messages', 'kept'),
  retained('retained-wildcard', 'Retained messages for a wildcard', '+'),
  will,
  aliases,
];
