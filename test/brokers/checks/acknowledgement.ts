import assert from 'node:assert/strict';
import { AckPolicy, type MqttContext, type QoS } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import type { Check } from '../check.js';
import { onEvent } from '../handlers.js';

/** More than the window: a broker that does not get its slots back goes silent. */
const MESSAGES = 20;
const WINDOW = 4;

const numbers = Array.from({ length: MESSAGES }, (_, i) => i);

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
    await scene.serve({ maxConcurrency: WINDOW }, ...handlers);
    const client = scene.client({ publishOptions: { qos } });
    for (const i of numbers) await Promise.all(names.map((name) => client.publish(scene.topic(name), i)));
    const runs = await seen.atLeast(names.length * MESSAGES);
    const expected = names.flatMap((name) => numbers.map((i) => `${name} ${i}`));
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
    for (const i of numbers) await client.publish(scene.topic('a'), i);
    assert.deepEqual((await seen.atLeast(MESSAGES, 5_000)).toSorted(ascending), numbers);
  },
});

const redelivery = (qos: QoS): Check => ({
  name: `redelivery-qos${qos}`,
  title: `NACK_ON_ERROR at QoS ${qos}: withheld messages come again`,
  async run(scene) {
    const seen = new Journal<string>();
    const handler = onEvent(
      scene.topic('a'),
      (data, { dup }) => {
        seen.add(`${String(data)} ${dup}`);
        if (!dup) throw new Error('not yet');
      },
      { qos, ackPolicy: AckPolicy.NACK_ON_ERROR },
    );
    await scene.serve({ ...scene.durable('server'), redelivery: { reconnect: true, delay: 50 } }, handler);
    const client = scene.client({ publishOptions: { qos } });
    for (const name of ['a', 'b', 'c']) await client.publish(scene.topic('a'), name);
    const again = await seen.until(
      (runs) => ['a', 'b', 'c'].every((name) => runs.includes(`${name} true`)),
      'each message to come again',
    );
    for (const name of ['a', 'b', 'c']) assert.ok(again.includes(`${name} false`));
  },
});

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
    assert.equal(letter?.payload.toString(), 'x');
    assert.equal(runs, 2);
    if (scene.version === 5) assert.match(JSON.stringify(letter.properties?.userProperties), /sensor out of range|nest-/);
  },
};

function ascending(a: number, b: number): number {
  return a - b;
}

export const ACKNOWLEDGEMENT_CHECKS: readonly Check[] = [
  policies(1),
  policies(2),
  reject(1),
  reject(2),
  redelivery(1),
  redelivery(2),
  deadLetters,
];
