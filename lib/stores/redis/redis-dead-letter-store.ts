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
  /** Put before the names of the keys. Applications that share a Redis need one each. Default `'mqtt:'`. */
  prefix?: string;
  /** Letters that are kept; more are refused. Default 100_000. */
  maxLetters?: number;
}

/** An entry of the stream, as Redis gives it. */
type Entry = readonly [id: string, fields: readonly string[]];

const DEFAULT_MAX_LETTERS = 100_000;
/** Letters that are looked at for one piece of a list, where not all of them are meant. */
const LOOKED_AT = 200;
/** A name that a letter can have: another one would be an error of Redis. */
const ID = /^\d{1,18}-\d{1,18}$/;

/**
 * Keeps dead letters in a Redis Stream, `{mqtt:dead-letters}`, for several processes; who replays which stands in a hash beside it.
 * Needs Redis 6.2 or later, or Valkey. The client is the application's: it is neither connected nor closed here.
 *
 * Redis keeps what its persistence keeps: with `appendfsync everysec` a crash of Redis loses the letters of the last second. A Redis
 * that may evict any key (`maxmemory-policy allkeys-...`) is refused, for it would lose all letters at once.
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

  /** @throws TypeError when the client is neither of `ioredis` nor of `redis` */
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
      `${this.keys[0]} has its maxLetters of ${this.maxLetters} dead letters. Replay or discard some.`,
    );
  }

  async get(id: string): Promise<KeptDeadLetter | undefined> {
    if (!ID.test(id)) return undefined;
    const [letter] = await this.lettersOf((await this.send('XRANGE', this.keys[0], id, id)) as Entry[]);
    return letter;
  }

  async list(filter: DeadLetterFilter, { limit, from, newestFirst = false }: DeadLetterRange): Promise<DeadLetterPage> {
    if (from !== undefined && !ID.test(from))
      throw new TypeError(`"${from}" is no place in the list. Give next of the piece before.`);
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    const count = isFiltered ? Math.max(limit, LOOKED_AT) : limit;
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
    const told = failure ? [JSON.stringify({ reason: failure.reason, error: failure.error })] : [];
    await LetterScript.release.run(this.send, this.keys, id, owner, ...told);
  }

  async remove(id: string, owner: string): Promise<boolean> {
    return (await LetterScript.remove.run(this.send, this.keys, id, owner)) === 1;
  }

  /** With what replays have changed. */
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

/** @param replays since it was given up */
function letterOf(id: string, text: string, replays: string | null, failure: string | null): KeptDeadLetter {
  const letter = readDeadLetterJson(text);
  const known = failure === null ? letter : (JSON.parse(failure) as DeadLetterFailure);
  return { ...letter, reason: known.reason, error: known.error, replays: letter.replays + Number(replays), id };
}
