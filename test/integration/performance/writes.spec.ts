import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Journal } from '../../support/journal.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { noteWrites, type Write } from './socket-writes.js';

const AT_ONCE = 32;
/** One is enough, two are usual: what the broker's side of the event loop does may cut it in pieces. Without gathering it is 32. */
const MAX_WRITES = 8;

@Controller()
class Echo {
  @MessagePattern('echo')
  echo(@Payload() value: number): number {
    return value;
  }
}

/** Writes with messages, once that many messages have been written. */
async function withMessages(writes: Journal<Write>, messages: number): Promise<Write[]> {
  const all = await writes.until((entries) => messagesIn(entries) >= messages, `${messages} messages`);
  expect(messagesIn(all)).toBe(messages);
  return all.filter((write) => write.includes('publish'));
}

function messagesIn(writes: readonly Write[]): number {
  return writes.flat().filter((cmd) => cmd === 'publish').length;
}

describe.each([0, 1] as const)('QoS %i', (qos) => {
  it(`${AT_ONCE} calls at once leave the client in at most ${MAX_WRITES} writes`, async () => {
    const { url } = await startInProcessBroker();
    await startServer({ ...connectionTo(url), subscribeOptions: { qos } }, { controllers: [Echo] });
    const client = createClient({ ...connectionTo(url), publishOptions: { qos } });
    await client.connect();
    const writes = noteWrites(client['current']!['link']);

    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => client.request('echo', i)));

    expect((await withMessages(writes, AT_ONCE)).length).toBeLessThanOrEqual(MAX_WRITES);
  });

  it(`replies to ${AT_ONCE} requests that come at once leave the server in at most ${MAX_WRITES} writes`, async () => {
    const { broker, url } = await startInProcessBroker();
    const options = { ...connectionTo(url), subscribeOptions: { qos }, publishOptions: { qos } };
    const { server } = await startServer(options, { controllers: [Echo] });
    const writes = noteWrites(server['runtime']!['link']);

    for (let i = 0; i < AT_ONCE; i++) {
      broker.publish({ topic: 'echo', payload: `${i}`, qos, properties: { responseTopic: 'replies' } });
    }

    expect((await withMessages(writes, AT_ONCE)).length).toBeLessThanOrEqual(MAX_WRITES);
  });
});
