import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException, type ReadPacket } from '@nestjs/microservices';
import type { ClientMqtt } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const events = new Journal<unknown>();

@Controller()
class Service {
  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern('fails')
  fails(): never {
    throw new RpcException('sold out');
  }

  @EventPattern('happened')
  happened(@Payload() data: unknown): void {
    events.add(data);
  }
}

/** The protected part of a `ClientProxy`, which libraries call that wrap clients of any transport. */
interface Dispatches {
  dispatchEvent(packet: ReadPacket): Promise<unknown>;
}

async function scene(): Promise<ClientMqtt> {
  const { url } = await startInProcessBroker();
  const connection = connectionTo(url, 5);
  await startServer(connection, { controllers: [Service] });
  return createClient(connection);
}

describe('the abstract methods of ClientProxy', () => {
  it.each([
    ['echo', [{ response: 'data' }, { isDisposed: true }]],
    ['fails', [{ err: expect.objectContaining({ message: 'sold out' }) }]],
  ])('publish() sends a request to "%s", and calls back', async (pattern, packets) => {
    const client = await scene();
    const called = new Journal<unknown>();
    client.publish({ pattern, data: 'data' }, (packet) => called.add(packet));
    expect(await called.atLeast(packets.length)).toEqual(packets);
  });

  it('publish() calls back no more once it is cancelled', async () => {
    const client = await scene();
    const called = new Journal<unknown>();
    client.publish({ pattern: 'echo', data: 1 }, (packet) => called.add(packet))();
    expect((await client.request('echo', 2)).data).toBe(2);
    expect(called.entries).toEqual([]);
  });

  it('dispatchEvent() resolves when the event is published', async () => {
    const client = (await scene()) as unknown as Dispatches;
    await client.dispatchEvent({ pattern: 'happened', data: 'data' });
    expect(await events.atLeast(1)).toEqual(['data']);
    await expect(client.dispatchEvent({ pattern: 'happened/#', data: 1 })).rejects.toThrow(
      /must not contain the wildcards/,
    );
  });
});
