import { DeadLetterError } from '../../errors/dead-letter.error.js';
import { readDeadLetterJson, writeDeadLetter } from '../../protocol/dead-letter-json.js';
import {
  isMeant,
  type DeadLetterClaim,
  type DeadLetterFailure,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterRange,
  type DeadLetterStore,
} from '../../protocol/dead-letter-store.js';
import type { DeadLetter, KeptDeadLetter } from '../../protocol/dead-letter.js';
import { EvictionCheck } from './eviction-check.js';
import { LetterScript } from './letter-scripts.js';
import { commandOf, type IoRedisClient, type NodeRedisClient, type RedisCommand } from './redis-client.js';

/** Options of {@link RedisDeadLetterStore}. */
export interface RedisDeadLetterOptions {
  /** Prefix of the keys. Applications that share a Redis need different ones. Default `'mqtt:'`. */
  prefix?: string;
  /** Maximum number of letters; further ones are refused. Default 100_000. */
  maxLetters?: number;
}

/** An entry of the stream, as Redis returns it. */
type Entry = readonly [id: string, fields: readonly string[]];

const DEFAULT_MAX_LETTERS = 100_000;
/** Letters that are read at once for a filtered list. */
const SCAN_COUNT = 200;
/** Format of an id: Redis would return an error for others. */
const ID = /^\d{1,18}-\d{1,18}$/;

/**
 * Keeps dead letters in a Redis Stream, `{mqtt:dead-letters}`, which several processes can share; claims are in a hash. Needs Redis 6.2
 * or later, or Valkey. The application connects and closes the client.
 *
 * Durability is that of Redis: with `appendfsync everysec` a crash of Redis loses the letters of the last second. A Redis that may evict
 * any key (`maxmemory-policy allkeys-...`) is refused, because it could evict all letters at once.
 *
 * @example
 * ```ts
 * const store = new RedisDeadLetterStore(new Redis('redis://localhost:6379')); // ioredis, or createClient() of redis
 *
 * MqttModule.forRoot({ url: 'mqtt://localhost', deadLetters: { store } })
 * ```
 */
export class RedisDeadLetterStore implements DeadLetterStore {
  private readonly send: RedisCommand;
  private readonly keys: readonly [stream: string, claims: string, replays: string, failures: string];
  private readonly maxLetters: number;
  private readonly eviction: EvictionCheck;

  /** @throws TypeError when the client is not of `ioredis` or `redis` */
  constructor(
    client: IoRedisClient | NodeRedisClient,
    { prefix = 'mqtt:', maxLetters = DEFAULT_MAX_LETTERS }: RedisDeadLetterOptions = {},
  ) {
    this.send = commandOf(client, 'RedisDeadLetterStore');
    const stream = `{${prefix}dead-letters}`; // the braces keep all keys on one node of a cluster
    this.keys = [stream, `${stream}:claims`, `${stream}:replays`, `${stream}:failures`];
    this.maxLetters = maxLetters;
    this.eviction = new EvictionCheck(this.send);
  }

  async add(letter: DeadLetter): Promise<string> {
    await this.eviction.refuse();
    const id = await LetterScript.add.run(this.send, this.keys, String(this.maxLetters), writeDeadLetter(letter));
    if (typeof id === 'string') return id;
    throw new DeadLetterError(
      'full',
      `${this.keys[0]} has reached maxLetters: ${this.maxLetters} dead letters. Replay or discard some.`,
    );
  }

  async get(id: string): Promise<KeptDeadLetter | undefined> {
    if (!ID.test(id)) return undefined;
    const [letter] = await this.lettersOf((await this.send('XRANGE', this.keys[0], id, id)) as Entry[]);
    return letter;
  }

  async list(filter: DeadLetterFilter, { limit, from, newestFirst = false }: DeadLetterRange): Promise<DeadLetterPage> {
    if (from !== undefined && !ID.test(from))
      throw new TypeError(`"${from}" is not a position in the list. Give next of the previous page.`);
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    const count = isFiltered ? Math.max(limit, SCAN_COUNT) : limit;
    const begin = from && `(${from}`;
    const range = newestFirst ? ['XREVRANGE', begin ?? '+', '-'] : ['XRANGE', begin ?? '-', '+'];
    const [command, first, last] = range as [string, string, string];
    const entries = (await this.send(command, this.keys[0], first, last, 'COUNT', String(count))) as Entry[];
    const letters: KeptDeadLetter[] = [];
    let next: string | undefined = entries.length === count ? entries.at(-1)![0] : undefined;
    for (const letter of await this.lettersOf(entries)) {
      if (!isMeant(letter, filter)) continue;
      if (letters.length === limit) {
        next = letters.at(-1)!.id;
        break;
      }
      letters.push(letter);
    }
    return { letters, next };
  }

  async claim(id: string, owner: string, leaseMs: number): Promise<DeadLetterClaim> {
    if (!ID.test(id)) return { state: 'unknown' };
    const answer = await LetterScript.claim.run(this.send, this.keys, id, owner, String(leaseMs));
    const [state, text, replays, failure] = answer as [DeadLetterClaim['state'], string, string, string | null];
    return state === 'mine' ? { state, letter: letterOf(id, text, replays, failure) } : { state };
  }

  async renew(id: string, owner: string, leaseMs: number): Promise<boolean> {
    return (await LetterScript.renew.run(this.send, this.keys, id, owner, String(leaseMs))) === 1;
  }

  async release(id: string, owner: string, failure?: DeadLetterFailure): Promise<void> {
    const change = failure ? [JSON.stringify({ reason: failure.reason, error: failure.error })] : [];
    await LetterScript.release.run(this.send, this.keys, id, owner, ...change);
  }

  async remove(id: string, owner: string): Promise<boolean> {
    return (await LetterScript.remove.run(this.send, this.keys, id, owner)) === 1;
  }

  /** Letters with the counts and failures of their replays. */
  private async lettersOf(entries: readonly Entry[]): Promise<KeptDeadLetter[]> {
    if (entries.length === 0) return [];
    const ids = entries.map(([id]) => id);
    const [, , ofReplays, ofFailures] = this.keys;
    const [replays, failures] = (await Promise.all([
      this.send('HMGET', ofReplays, ...ids),
      this.send('HMGET', ofFailures, ...ids),
    ])) as [readonly (string | null)[], readonly (string | null)[]];
    return entries.map(([id, [, text]], i) => letterOf(id, text!, replays[i]!, failures[i]!));
  }
}

/** @param replays since the letter was added */
function letterOf(id: string, text: string, replays: string | null, failure: string | null): KeptDeadLetter {
  const letter = readDeadLetterJson(text);
  const known = failure === null ? letter : (JSON.parse(failure) as DeadLetterFailure);
  return { ...letter, reason: known.reason, error: known.error, replays: letter.replays + Number(replays), id };
}
