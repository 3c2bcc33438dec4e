import { expect, it } from '@jest/globals';
import type { TailFrame, TailMessage, TopicAnswer } from '../../../lib/inspector/views/snapshot.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { eventually } from '../../support/deadline.js';
import { startHouse, startHouseOn, subscribed } from './application.js';
import { framesOf } from './frames.js';

/** Opens a live tail. @returns its messages, once `count` were shown or skipped */
async function tail(
  url: string,
  query: Record<string, string>,
  count: number,
  started: () => Promise<unknown>,
): Promise<TailFrame> {
  const messages: TailMessage[] = [];
  let skipped = 0;
  let first = true;
  for await (const frame of framesOf<TailFrame>(`${url}/tail?${new URLSearchParams(query).toString()}`)) {
    if (first) await started();
    first = false;
    messages.push(...frame.messages);
    skipped += frame.skipped;
    if (messages.length + skipped >= count) break;
  }
  return { messages, skipped };
}

describeEachBroker('the live tail', (broker) => {
  it('shows the messages that the broker delivers for a filter, and the handlers they reach', async () => {
    const { url, client } = await startHouseOn(broker.connection, { payloads: true });
    const topics = ['house/hall/temperature', 'house/hall/state', 'house/hall/nothing', 'house/hall/heat'];
    const { messages, skipped } = await tail(url, { filter: 'house/hall/#', payloads: '1' }, 4, async () => {
      await subscribed(client);
      for (const topic of topics) await client.publish(topic, { topic, token: 'x' }, { qos: 1 });
    });
    expect(skipped).toBe(0);
    expect(messages.map(({ topic, reaches }) => [topic, reaches])).toEqual([
      ['house/hall/temperature', ['house/{room}/temperature']],
      ['house/hall/state', ['house/{room}/state']],
      ['house/hall/nothing', []],
      ['house/hall/heat', ['house/{room}/heat']],
    ]);
    for (const { topic, payload, qos, size } of messages) {
      expect(JSON.parse(payload!)).toEqual({ topic, token: '•••' });
      expect([qos, size]).toEqual([0, JSON.stringify({ topic, token: 'x' }).length]);
    }
  });

  it('shows no payloads unless they are requested and allowed', async () => {
    const asked = { filter: 'house/+/nothing', payloads: '1' };
    const cases = [
      [{ payloads: true }, { filter: 'house/+/nothing' }],
      [{}, asked],
    ] as const;
    for (const [options, query] of cases) {
      const { url, client } = await startHouseOn(broker.connection, options);
      const { messages } = await tail(url, query, 1, async () => {
        await subscribed(client);
        await client.publish('house/hall/nothing', 'text', { qos: 1 });
      });
      expect(JSON.stringify(messages)).not.toContain('text');
      expect(messages[0]!.userProperties).toEqual([]);
    }
  });
});

it('the live tail counts every message of a flood, and unsubscribes when its viewer disconnects', async () => {
  const { url, client, broker } = await startHouse();
  const unsubscribed: string[] = [];
  broker.on('unsubscribe', ({ filters }) => unsubscribed.push(...filters));
  const { messages, skipped } = await tail(url, { filter: 'flood/#' }, 5_000, async () => {
    await subscribed(client);
    for (let i = 0; i < 5_000; i++) void client.publish(`flood/${i}`, i);
  });
  expect(messages.length + skipped).toBe(5_000);
  expect(messages.length).toBeLessThan(1_000);
  await eventually(() => unsubscribed.includes('flood/#'), 'the filter is unsubscribed');
});

it('the live tail says why it fails', async () => {
  const { url } = await startHouse();
  for (const [query, why] of [
    ['filter=a/%23/b', 'Invalid Topic Filter'],
    ['filter=', 'Invalid Topic Filter'],
    ['filter=%24share/g/a', 'A shared subscription would take messages'],
    ['filter=a&broker=plant', 'no client of this broker'],
  ]) {
    const answer = await fetch(`${url}/tail-check?${query}`);
    expect(answer.ok).toBe(false);
    expect(await answer.text()).toContain(why);
  }
});

it('a topic reaches the handlers that it matches, unless their server is not connected', async () => {
  const { url, broker } = await startHouse();
  const explain = async (topic: string): Promise<TopicAnswer> =>
    (await (await fetch(`${url}/explain?topic=${topic}`)).json()) as TopicAnswer;
  expect(await explain('house/hall/state')).toMatchObject({
    reached: 1,
    explanations: { shown: [{ handler: 'house/{room}/state', reaches: true }, {}, {}, {}], all: 4 },
  });
  await broker.close();
  await eventually(() => !broker.clients.length, 'no client is connected');
  const { reached, explanations } = await explain('house/hall/state');
  expect(reached).toBe(0);
  expect(explanations.shown[0]!.why).toContain('It matches, but its server is not connected to mqtt://');
});
