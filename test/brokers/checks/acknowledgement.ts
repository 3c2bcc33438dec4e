import assert from 'node:assert/strict';
import { AckPolicy, readDeadLetter, type MqttContext, type QoS } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import { BrokerCannotError, type Check } from '../check.js';
import { ascending, numbers } from '../numbers.js';
import { onEvent } from '../handlers.js';

/** More than the window: a broker that does not get its slots back goes silent. */
const MESSAGES = 20;
const WINDOW = 4;

const MESSAGE_NUMBERS = numbers(MESSAGES);

const policies = (qos: QoS): Check => ({
  name: `policies-qos${qos}`,
  title: `ACK, ACK_FIRST and MANUAL at QoS ${qos}`,
  async run(scene) {
    const seen = new Journal<string>();
    const fail = (name: string) => (data: unknown, context: MqttContext) => {
      seen.add(`${name} ${String(data)}`);
      if (name === 'MANUAL') context.ack();
      else throw new Error('fails');
    };
    const names = ['ACK', 'ACK_FIRST', 'MANUAL'] as const;
    const handlers = names.map((name) => onEvent(scene.topic(name), fail(name), { qos, ackPolicy: AckPolicy[name] }));
    await scene.serve({}, ...handlers);
    const client = scene.client({ publishOptions: { qos } });
    for (const i of MESSAGE_NUMBERS) await Promise.all(names.map((name) => client.publish(scene.topic(name), i)));
    const runs = await seen.atLeast(names.length * MESSAGES);
    const expected = names.flatMap((name) => MESSAGE_NUMBERS.map((i) => `${name} ${i}`));
    assert.deepEqual(runs.toSorted(), expected.toSorted());
  },
});

const reject = (qos: QoS): Check => ({
  name: `reject-qos${qos}`,
  title: `REJECT_ON_ERROR at QoS ${qos}: more rejects than the window holds`,
  async run(scene) {
    const seen = new Journal<number>();
    const handler = onEvent(
      scene.topic('a'),
      (data) => {
        seen.add(data as number);
        throw new Error('cannot handle it');
      },
      { qos, ackPolicy: AckPolicy.REJECT_ON_ERROR },
    );
    await scene.serve({ maxConcurrency: WINDOW }, handler);
    const client = scene.client({ publishOptions: { qos } });
    for (const i of MESSAGE_NUMBERS) await client.publish(scene.topic('a'), i);
    assert.deepEqual((await seen.atLeast(MESSAGES, 5_000)).toSorted(ascending), MESSAGE_NUMBERS);
  },
});

const redelivery = (qos: QoS): Check => ({
  name: `redelivery-qos${qos}`,
  title: `NACK_ON_ERROR at QoS ${qos}: withheld messages come again`,
  async run(scene) {
    const runs = new Journal<string>();
    const handler = onEvent(
      scene.topic('a'),
      (data) => {
        const again = runs.entries.includes(data as string);
        runs.add(data as string);
        if (!again) throw new Error('not yet');
      },
      { qos, ackPolicy: AckPolicy.NACK_ON_ERROR },
    );
    await scene.serve({ ...scene.durable('server'), redelivery: { reconnect: true, delay: 50 } }, handler);
    const client = scene.client({ publishOptions: { qos } });
    for (const name of ['a', 'b', 'c']) await client.publish(scene.topic('a'), name);
    assert.deepEqual((await runs.atLeast(6)).toSorted(), ['a', 'a', 'b', 'b', 'c', 'c']);
  },
});

const dup: Check = {
  name: 'redelivery-dup',
  title: 'A message that comes again is marked (DUP)',
  async run(scene) {
    const marks = new Journal<boolean>();
    const handler = onEvent(
      scene.topic('a'),
      (_data, context) => {
        marks.add(context.dup);
        if (marks.size === 1) throw new Error('not yet');
      },
      { qos: 1, ackPolicy: AckPolicy.NACK_ON_ERROR },
    );
    await scene.serve({ ...scene.durable('server'), redelivery: { reconnect: true, delay: 50 } }, handler);
    await scene.client().publish(scene.topic('a'), 1, { qos: 1 });
    const [, again] = await marks.atLeast(2);
    if (!again) throw new BrokerCannotError('does not set DUP');
  },
};

const deadLetters: Check = {
  name: 'dead-letters',
  title: 'Dead letters after the last retry',
  async run(scene) {
    const letters = await scene.watch(scene.topic('dead'));
    let runs = 0;
    const handler = onEvent(
      scene.topic('a'),
      () => {
        runs++;
        throw new Error('sensor out of range');
      },
      { qos: 1, retry: { attempts: 2, delay: 1 }, deadLetter: scene.topic('dead') },
    );
    await scene.serve({}, handler);
    await scene.client().publish(scene.topic('a'), 'x', { qos: 1 });
    const [letter] = await letters.atLeast(1);
    const { payload, reason, attempts } = readDeadLetter(letter!)!;
    assert.deepEqual([payload.toString(), reason, attempts, runs], ['x', 'sensor out of range', 2, 2]);
  },
};

export const ACKNOWLEDGEMENT_CHECKS: readonly Check[] = [
  policies(1),
  policies(2),
  reject(1),
  reject(2),
  redelivery(1),
  redelivery(2),
  dup,
  deadLetters,
];
