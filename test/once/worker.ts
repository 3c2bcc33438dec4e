// A member of the group that is killed, and another process takes its place: compiled and started by member.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { AckPolicy, type DeduplicationStore, type KeyedMessage, type MqttServerOptions } from '../../lib/index.js';
import { PostgresDeduplicationStore, RedisDeduplicationStore } from '../../lib/stores/index.js';
import { report, serve, workerParameters } from '../support/worker-main.js';

export interface WorkerParameters {
  readonly connection: MqttServerOptions;
  readonly redis: string;
  readonly postgres: string;
  readonly lease: number;
}

/** What events and requests carry. */
export interface Job {
  readonly id: string;
}

const { connection, redis: redisUrl, postgres: postgresUrl, lease } = workerParameters<WorkerParameters>();
/** The longest that a handler takes before its effect, and again behind it. */
const LONGEST_MS = 4;

const redis = createClient({ url: redisUrl });
redis.on('error', (error: Error) => process.stderr.write(`Redis: ${error.message}\n`));
const pool = poolOf(8);
/** Claims do not wait behind the transactions of handlers. */
const postgresStore = new PostgresDeduplicationStore(poolOf(4));
const redisStore = new RedisDeduplicationStore(redis);

function poolOf(max: number): Pool {
  const created = new Pool({ connectionString: postgresUrl, max });
  created.on('error', (error) => process.stderr.write(`PostgreSQL: ${error.message}\n`));
  return created;
}

/** The effect, exactly once. @returns its number in the table */
async function work({ id }: Job): Promise<number> {
  void redis.incr('runs');
  await sleep(Math.random() * LONGEST_MS);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const n = await postgresStore.once(client, id, async () => {
      const { rows } = await client.query<{ n: number }>('INSERT INTO booked (id) VALUES ($1) RETURNING n', [id]);
      return rows[0]!.n;
    });
    await client.query('COMMIT');
    await sleep(Math.random() * LONGEST_MS);
    return n;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

const key = ({ data }: KeyedMessage): string => (data as Job).id;
const once = (store: DeduplicationStore) => ({ deduplicate: { key, store, lease } });

@Controller()
class Work {
  @EventPattern<string>('once/events/redis', once(redisStore))
  async eventWithRedis(@Payload() job: Job): Promise<void> {
    await work(job);
  }

  @EventPattern<string>('once/events/postgres', once(postgresStore))
  async eventWithPostgres(@Payload() job: Job): Promise<void> {
    await work(job);
  }

  @MessagePattern<string>('once/requests/redis', once(redisStore))
  requestWithRedis(@Payload() job: Job): Promise<number> {
    return work(job);
  }

  @MessagePattern<string>('once/requests/postgres', once(postgresStore))
  requestWithPostgres(@Payload() job: Job): Promise<number> {
    return work(job);
  }
}

process.on('disconnect', () => process.exit());
process.once('message', () => {
  void serve(
    {
      ...connection,
      publishOptions: { qos: 1 },
      redelivery: { reconnect: true, delay: 200 },
      subscribeOptions: { qos: 1, shared: 'once', ackPolicy: AckPolicy.NACK_ON_ERROR },
    },
    { controllers: [Work] },
  );
});
await redis.connect();
report('loaded'); // and waits for its turn
