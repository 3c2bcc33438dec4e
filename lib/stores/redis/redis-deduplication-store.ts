import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Claim, DeduplicationStore } from '../../protocol/deduplication-store.js';
import { readReplies, writeReplies } from '../stored-replies.js';
import { commandOf, type IoRedisClient, type NodeRedisClient, type RedisCommand } from './redis-client.js';
import { RedisScript } from './redis-script.js';

/** Options of {@link RedisDeduplicationStore}. */
export interface RedisDeduplicationOptions {
  /** Prefix of the keys. Applications that share a Redis need different ones. Default `'mqtt:'`. */
  prefix?: string;
}

/** The value of a key: its owner while the handler runs, then the replies. */
const RUNNING = 'running:';
const DONE = 'done:';

/** Attempts to claim a key that expires or is claimed between two commands. */
const ATTEMPTS = 3;

/** Also restores an evicted key: its handler is still running. */
const RENEW = new RedisScript(`
local value = redis.call('GET', KEYS[1])
if value and value ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`);

const COMPLETE = new RedisScript(`
local value = redis.call('GET', KEYS[1])
if value and value ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
return 1`);

const RELEASE = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`);

/**
 * Records in Redis, or a compatible server, which messages are running or handled, for several processes. The application connects and
 * closes the client, and configures how long it waits for a lost connection.
 *
 * If Redis evicts a key, or crashes before it has written it, a message may be handled again. With `maxmemory`, use the policy
 * `volatile-ttl` or `noeviction`.
 *
 * @example
 * ```ts
 * const store = new RedisDeduplicationStore(new Redis('redis://localhost:6379')); // ioredis, or createClient() of redis
 *
 * @MessagePattern('orders/place', { qos: 1, shared: 'orders', deduplicate: { store } })
 * ```
 */
export class RedisDeduplicationStore implements DeduplicationStore {
  private readonly send: RedisCommand;
  private readonly prefix: string;

  /** @throws TypeError when the client is not of `ioredis` or `redis` */
  constructor(client: IoRedisClient | NodeRedisClient, { prefix = 'mqtt:' }: RedisDeduplicationOptions = {}) {
    this.send = commandOf(client, 'RedisDeduplicationStore');
    this.prefix = prefix;
  }

  /** Needs one command for a free key, and two for others. */
  async claim(key: string, owner: string, leaseMs: number): Promise<Claim> {
    const name = this.prefix + key;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const set = await this.send('SET', name, RUNNING + owner, 'NX', 'PX', String(leaseMs));
      if (set !== null) return { state: 'mine' };
      const value = await this.send('GET', name);
      if (typeof value !== 'string') continue; // it has expired in between
      if (value.startsWith(DONE)) return { state: 'done', replies: readReplies(value.slice(DONE.length)) };
      if (value !== RUNNING + owner) break;
      if (await this.renew(key, owner, leaseMs)) return { state: 'mine' };
    }
    return { state: 'running' };
  }

  async renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    return (await RENEW.run(this.send, [this.prefix + key], RUNNING + owner, String(leaseMs))) === 1;
  }

  async complete(key: string, owner: string, replies: readonly OutgoingMessage[], ttlMs: number): Promise<boolean> {
    const value = DONE + writeReplies(replies);
    return (await COMPLETE.run(this.send, [this.prefix + key], RUNNING + owner, String(ttlMs), value)) === 1;
  }

  async release(key: string, owner: string): Promise<void> {
    await RELEASE.run(this.send, [this.prefix + key], RUNNING + owner);
  }
}
