import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { RequestTimeoutError } from '../../../lib/index.js';
import { freePort } from '../../support/free-port.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Controller()
class Large {
  @MessagePattern('large')
  large(): string {
    return 'x'.repeat(5_000);
  }
}

async function errorOf(answer: Promise<unknown>): Promise<Error> {
  return answer.then(
    () => new Error('answered'),
    (error: unknown) => error as Error,
  );
}

describe.each([5, 4] as const)('a request whose time is up says what it waited for (version %i)', (version) => {
  it('a broker that was never reached: that there was no connection, and why', async () => {
    const client = createClient(connectionTo(`mqtt://127.0.0.1:${await freePort()}`, version));
    const error = await errorOf(client.request('a', 1, { timeout: 1_000 }));
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(error).toMatchObject({
      topic: 'a',
      timeout: 1_000,
      cause: { message: expect.stringContaining('ECONNREFUSED') },
    });
    expect(error.message).toMatch(/was not sent within 1000 ms: there was no connection to mqtt:.*ECONNREFUSED/);
    expect(error.message).not.toContain('handler');
  });

  it('a subscription for the reply that is not answered', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.faults.withhold('out', 'suback');
    const client = createClient(connectionTo(url, version));
    await client.connect();
    const error = await errorOf(client.request('a', 1, { timeout: 100 }));
    expect(error.message).toMatch(/was not sent within 100 ms: mqtt:.* did not answer the SUBSCRIBE/);
    expect(error.cause).toBeUndefined();
  });

  it('room, while the connection is gone', async () => {
    const { broker, url } = await startInProcessBroker();
    const client = createClient({ ...connectionTo(url, version), clientId: 'caller', maxPendingRequests: 1 });
    await errorOf(client.request('nobody', 1, { timeout: 50 }));
    const written = broker.waitFor('publish', ({ message }) => message.topic === 'nobody');
    const first = errorOf(client.request('nobody', 1, { timeout: 400 }));
    const second = errorOf(client.request('nobody', 1, { timeout: 300 }));
    await written;
    const lost = new Promise<void>((resolve) =>
      client.status.subscribe((status) => status === 'reconnecting' && resolve()),
    );
    broker.faults.refuseConnections(version === 5 ? 0x88 : 0x03, { clientId: 'caller' });
    broker.faults.drop('caller');
    await lost;
    expect((await second).message).toMatch(/was not sent within 300 ms: there was no connection/);
    expect((await second).cause).toBeInstanceOf(Error);
    expect((await first).message).toMatch(/^No reply .* There is no connection to mqtt:.* at present/);
  });
});

describe('a reply that is larger than the caller takes', () => {
  it('the error hints at its Maximum Packet Size', async () => {
    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Large] });
    const client = createClient({ ...connectionTo(url), properties: { maximumPacketSize: 1_000 } });
    const error = await errorOf(client.request('large', 1, { timeout: 200 }));
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(error.message).toMatch(/more than 1000 bytes .*properties\.maximumPacketSize/);
  });
});
