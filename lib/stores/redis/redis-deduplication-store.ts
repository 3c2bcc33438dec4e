import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Claim, DeduplicationStore } from '../../protocol/deduplication-store.js';
import { readReplies, writeReplies } from '../stored-replies.js';
import { commandOf, type IoRedisClient, type NodeRedisClient, type RedisCommand } from './redis-client.js';
import { RedisScript } from './redis-script.js';

/** Options of {@link RedisDeduplicationStore}. */
export interface RedisDeduplicationOptions {
  /** Put before every key. Applications that share a Redis need one each. Default `'mqtt:'`. */
  prefix?: string;
}

/** What a key holds: who works on it, or the replies. */
const RUNNING = 'running:';
const DONE = 'done:';

/** How often a key that is free at one moment, and taken at the next, is asked for. */
const ATTEMPTS = 3;

/** Sets the key again when it was evicted, for its owner still works on it. */
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
 * Keeps in Redis, or what speaks its language, which messages run and have been handled: for several processes. The client is the
 * application's: it is neither connected nor closed here, and how long it waits for a lost connection is its own business.
 *
 * Redis forgets what it evicts, and what it had not written when it crashed: a message may run again then. With `maxmemory`, choose
 * the policy `volatile-ttl` or `noeviction`.
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

  /** @throws TypeError when the client is neither of `ioredis` nor of `redis` */
  constructor(client: IoRedisClient | NodeRedisClient, { prefix = 'mqtt:' }: RedisDeduplicationOptions = {}) {
    this.send = commandOf(client, 'RedisDeduplicationStore');
    this.prefix = prefix;
  }

  /** One command for a key that is free, and a second one for one that is not. */
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
