import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { RedisDeduplicationStore } from '../../../lib/stores/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { within } from '../../support/deadline.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { RedisProcess } from '../../support/redis-process.js';
import { claimsOf, measuresLeasesByItsOwnClock } from '../../support/store-cases.js';

const LEASE_MS = 60_000;

async function startRedis(config?: readonly string[]): Promise<RedisProcess> {
  const redis = await RedisProcess.launch(config);
  closeAfterTest(() => redis.close());
  return redis;
}

function clientOf(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => 20 });
  client.on('error', () => {}); // it reconnects
  closeAfterTest(() => client.disconnect());
  return client;
}

/** A proxy that holds back the replies of Redis until released. */
async function holdReplies(port: number): Promise<{ url: string; sent: () => string; release: () => void }> {
  let sent = '';
  const held: [Socket, Buffer][] = [];
  let released = false;
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    client.on('data', (chunk) => {
      sent += chunk.toString();
      redis.write(chunk);
    });
    redis.on('data', (chunk) => {
      if (released || !sent.includes('claimed ')) client.write(chunk);
      else held.push([client, chunk]);
    });
    for (const socket of [client, redis]) socket.on('error', () => {});
    client.on('close', () => redis.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAfterTest(() => server.close());
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    release: () => {
      released = true;
      for (const [client, chunk] of held) client.write(chunk);
    },
  };
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

describeWhereInstalled(['redis-server'], 'RedisDeduplicationStore on a Redis', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each(['ioredis', 'redis'])('pipelines claims: no claim waits for the reply to another (%s)', async (library) => {
    const redis = await startRedis();
    const proxy = await holdReplies(redis.port);
    const client = library === 'ioredis' ? clientOf(proxy.url) : createClient({ url: proxy.url });
    if (!(client instanceof Redis)) {
      client.on('error', () => {});
      closeAfterTest(() => client.destroy());
      await client.connect();
    }
    const store = new RedisDeduplicationStore(client);
    const claims = Array.from({ length: 100 }, (_, i) => store.claim(`claimed ${i}`, 'a', LEASE_MS));
    const allSent = (async () => {
      while (countOf(proxy.sent(), 'claimed ') < 100) await new Promise(setImmediate);
    })();
    await within(allSent, 'all claims to be sent before the first reply');
    proxy.release();
    expect((await Promise.all(claims)).every(({ state }) => state === 'mine')).toBe(true);
  });

  it('recovers after a restart, which clears the script cache', async () => {
    const redis = await startRedis();
    const store = new RedisDeduplicationStore(clientOf(redis.url));
    await store.claim('a', 'one', LEASE_MS);
    await store.claim('b', 'one', LEASE_MS);
    expect(await store.renew('a', 'one', LEASE_MS)).toBe(true);
    await redis.restart();
    expect(await store.complete('a', 'one', [], LEASE_MS)).toBe(true);
    expect(await store.claim('a', 'two', LEASE_MS)).toEqual({ state: 'done', replies: [] });
    expect(await store.claim('b', 'two', LEASE_MS)).toEqual({ state: 'running' });
  });

  it('grants a claim again to an owner that lost its connection before the reply', async () => {
    const redis = await startRedis();
    const proxy = await holdReplies(redis.port);
    const client = clientOf(proxy.url);
    const store = new RedisDeduplicationStore(client);
    const claim = store.claim('claimed before the answer', 'one', LEASE_MS);
    const set = (async () => {
      const other = clientOf(redis.url);
      while ((await other.exists('mqtt:claimed before the answer')) === 0);
    })();
    await within(set, 'the claim to be in Redis');
    proxy.release(); // held replies are lost with the connection
    client.disconnect(true);
    expect(await claim).toEqual({ state: 'mine' });
  });

  it('restores an evicted claim, and keeps completed ones', async () => {
    const redis = await startRedis();
    const client = clientOf(redis.url);
    const store = new RedisDeduplicationStore(client);
    await store.claim('a', 'one', LEASE_MS);
    await client.flushall();
    expect(await store.renew('a', 'one', LEASE_MS)).toBe(true);
    expect(await store.claim('a', 'two', LEASE_MS)).toEqual({ state: 'running' });
    await client.flushall();
    expect(await store.complete('a', 'one', [], LEASE_MS)).toBe(true);
    expect((await store.claim('a', 'two', LEASE_MS)).state).toBe('done');
  });

  it('fails on a full Redis without eviction, where claims stay', async () => {
    const redis = await startRedis(['--maxmemory', '2mb', '--maxmemory-policy', 'noeviction']);
    const store = new RedisDeduplicationStore(clientOf(redis.url));
    const payload = Buffer.alloc(524_288);
    let i = -1;
    const fill = async (): Promise<void> => {
      while (++i < 20) {
        await store.claim(`${i}`, 'one', LEASE_MS);
        await store.complete(`${i}`, 'one', [{ topic: 't', payload, qos: 1, retain: false }], LEASE_MS);
      }
    };
    await expect(fill()).rejects.toThrow(/OOM/);
    expect(await store.renew(`${i}`, 'two', LEASE_MS)).toBe(false);
  });

  it('measures leases by the clock of Redis, not of the process', async () => {
    const redis = await startRedis();
    const store = new RedisDeduplicationStore(clientOf(redis.url));
    await expect(measuresLeasesByItsOwnClock(claimsOf(store))).resolves.toBeUndefined();
  });

  it('rejects an invalid client', () => {
    expect(() => new RedisDeduplicationStore({} as never)).toThrow(/neither call\(\) nor sendCommand\(\)/);
    expect(() => new RedisDeduplicationStore(undefined as never)).toThrow(TypeError);
  });
});
