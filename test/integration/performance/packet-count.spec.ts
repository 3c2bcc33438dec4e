import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { createClient, startServer } from '../../support/nest-application.js';

const TOPICS = 1_000;

@Controller()
class Echo {
  @MessagePattern<string>('echo/{n}')
  echo(@Payload() value: number): number {
    return value;
  }
}

/** Packets by client, direction and type. */
type Counts = Record<string, number>;

async function countCalls(protocolVersion: 4 | 5, qos: 0 | 1): Promise<Counts> {
  const { broker, url } = await startInProcessBroker();
  const counts: Counts = {};
  const at = { subscribeOptions: { qos }, publishOptions: { qos } } as const;
  await startServer({ ...connectionTo(url, protocolVersion), ...at, clientId: 'server' }, { controllers: [Echo] });
  const client = createClient({ ...connectionTo(url, protocolVersion), publishOptions: { qos }, clientId: 'client' });
  await client.request('echo/first', 0);
  broker.on('packet', ({ clientId, direction, packet }) => {
    if (packet.cmd === 'publish' && packet.topic === 'end') return;
    const what = `${clientId} ${direction} ${packet.cmd}`;
    counts[what] = (counts[what] ?? 0) + 1;
  });
  for (let i = 0; i < TOPICS; i++) expect((await client.request(`echo/${i}`, i)).data).toBe(i);
  const end = broker.waitFor('publish', ({ message }) => message.topic === 'end');
  await client.publish('end', 0);
  await end;
  return counts;
}

describe(`${TOPICS} calls in a row to as many topics`, () => {
  it('5.0, QoS 0: one PUBLISH there and one back, at each side, and nothing else', async () => {
    expect(await countCalls(5, 0)).toEqual({
      'client in publish': TOPICS,
      'server out publish': TOPICS,
      'server in publish': TOPICS,
      'client out publish': TOPICS,
    });
  });

  it('5.0, QoS 1: and their acknowledgements', async () => {
    const counts = await countCalls(5, 1);
    const publishes = Object.entries(counts).filter(([what]) => what.endsWith('publish'));
    expect(publishes.map(([, count]) => count)).toEqual([TOPICS, TOPICS, TOPICS, TOPICS]);
    expect(Object.keys(counts).filter((what) => !/ (publish|puback)$/.test(what))).toEqual([]);
  });
});
