import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { Pool } from 'pg';
import { createClient } from 'redis';
import { ClientMqtt } from '../../lib/index.js';
import { PostgresDeduplicationStore } from '../../lib/stores/index.js';
import { bundleWorker } from '../support/bundle-worker.js';
import { MosquittoProcess } from '../support/mosquitto-process.js';
import { postgresPool } from '../support/postgres-pool.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { Random } from '../support/random.js';
import { RedisProcess } from '../support/redis-process.js';
import { Load } from './load.js';
import { Member } from './member.js';

export interface OnceOptions {
  readonly events: number;
  readonly requests: number;
  /** Of each process. */
  readonly kills: number;
  readonly random: Random;
  /** worker.ts */
  readonly worker: URL;
}

export interface OnceReport {
  readonly seed: number;
  readonly processes: number;
  readonly kills: number;
  readonly events: number;
  readonly eventsPublishedTwice: number;
  readonly requests: number;
  /** Rows in the table of effects. */
  readonly effects: number;
  readonly answered: number;
  /** How often handlers began: beyond the number of messages, because their process was killed, or after it had been. */
  readonly runs: number;
  /** Replies that the broker has delivered: more than requests where a reply was sent again to who had it. */
  readonly replies: number;
  readonly durationMs: number;
  /** What the processes printed, one line of each kind. */
  readonly printed: readonly string[];
  /** What should not have happened, in words; empty when all is well. */
  readonly problems: readonly string[];
}

const PROCESSES = 3;
/** Short: what a killed process had begun is waited for that long, over and over. */
const LEASE_MS = 1_500;
const QUIET_CONFIG = ['log_type none', 'log_type error', 'log_type notice', 'log_type information'];
const END_MS = 120_000;
const MOST_PROBLEMS = 20;

/** Three processes of one group are killed over and over: what becomes of effects and answers. */
export async function runOnce({ events, requests, kills, random, worker }: OnceOptions): Promise<OnceReport> {
  const started = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'once-'));
  const script = join(folder, 'worker.mjs');
  const [mosquitto, redis, postgres] = await Promise.all([
    MosquittoProcess.launch({ config: QUIET_CONFIG }),
    RedisProcess.launch(),
    PostgresProcess.launch(),
    bundleWorker(worker, script),
  ]);
  const pool = postgresPool(postgres);
  await new PostgresDeduplicationStore(pool).createTables();
  await pool.query('CREATE TABLE booked (n serial PRIMARY KEY, id text NOT NULL)'); // nothing keeps an id from being there twice
  const counters = createClient({ url: redis.url });
  await counters.connect();

  const members = Array.from({ length: PROCESSES }, (_, i) => {
    const connection = {
      url: mosquitto.url,
      clientId: `member-${i}`,
      clean: false,
      properties: { sessionExpiryInterval: 3_600 },
      reconnect: { initialDelay: 10, maxDelay: 100 },
    };
    const parameters = { connection, redis: redis.url, postgres: postgres.url, lease: LEASE_MS };
    return new Member(script, parameters, new Random(random.between(0, 2 ** 31)));
  });
  await Promise.all(members.map((member) => member.start()));
  await Promise.all(members.map((member) => member.ready())); // the sessions are there before anything is published

  let replies = 0;
  const observer = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  observer.on('message', () => void replies++);
  await observer.subscribeAsync('reply/#', { qos: 1 });

  const client = new ClientMqtt({ url: mosquitto.url, clientId: 'publisher' });
  const load = new Load(client, random, { events, requests });
  let killed = 0;
  const allow = (): void => load.allow((killed + 1) / (PROCESSES * kills + 1));
  allow();
  const loading = load.run();
  await Promise.all(
    members.map((member) =>
      member.die(kills, () => {
        killed++;
        allow();
      }),
    ),
  );
  await loading;
  await complete(pool, events + requests);

  const problems = [...load.failures, ...members.flatMap((member) => member.problems)];
  const { rows } = await pool.query<{ id: string; times: number; n: number }>(
    'SELECT id, count(*)::int AS times, min(n) AS n FROM booked GROUP BY id',
  );
  const booked = new Map(rows.map((row) => [row.id, row]));
  for (const id of load.ids) {
    const times = booked.get(id)?.times ?? 0;
    if (times !== 1) problems.push(`"${id}" had ${times} effects`);
    if (!id.startsWith('requests')) continue;
    const answer = load.answers.get(id);
    if (answer === undefined) problems.push(`"${id}" was not answered`);
    else if (answer !== booked.get(id)?.n)
      problems.push(`"${id}" was answered ${answer}, and its effect is ${booked.get(id)?.n}`);
  }
  const runs = Number(await counters.get('runs'));

  await Promise.all(members.map((member) => member.stop()));
  const printed = [...new Set(members.flatMap((member) => [...member.printed]))];
  await client.close();
  await observer.endAsync(true);
  counters.destroy();
  await pool.end();
  await Promise.all([mosquitto.close(), redis.close(), postgres.close(), rm(folder, { recursive: true })]);
  return {
    seed: random.seed,
    processes: PROCESSES,
    kills: killed,
    events,
    eventsPublishedTwice: load.publishedTwice,
    requests,
    effects: rows.reduce((sum, { times }) => sum + times, 0),
    answered: load.answers.size,
    runs,
    replies,
    durationMs: Date.now() - started,
    printed,
    problems: problems.slice(0, MOST_PROBLEMS),
  };
}

/** Events are acknowledged to their publisher when the broker has them, and handled later. */
async function complete(pool: Pool, expected: number): Promise<void> {
  for (const deadline = Date.now() + END_MS; Date.now() < deadline; await sleep(100)) {
    const { rows } = await pool.query<{ count: number }>('SELECT count(DISTINCT id)::int AS count FROM booked');
    if (rows[0]!.count >= expected) break;
  }
  await sleep(2 * LEASE_MS); // what would have its effect twice would have it now
}
