import { afterAll, beforeAll, describe } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { createClient } from 'redis';
import {
  PostgresDeadLetterStore,
  PostgresDeduplicationStore,
  RedisDeadLetterStore,
  RedisDeduplicationStore,
  type NodeRedisClient,
} from '../../../lib/stores/index.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { postgresPool } from '../../support/postgres-pool.js';
import { PostgresProcess } from '../../support/postgres-process.js';
import { RedisProcess } from '../../support/redis-process.js';
import { itKeepsLetters, itKeepsTheContract } from '../../support/store-cases.js';

describeWhereInstalled(['redis-server'], 'stores on Redis', () => {
  let redis: RedisProcess;
  beforeAll(async () => void (redis = await RedisProcess.launch()));
  afterAll(() => redis.close());

  describe('with clients of ioredis', () => {
    const clients: Redis[] = [];
    afterAll(() => clients.forEach((client) => client.disconnect()));

    const connect = (): Redis => {
      const client = new Redis(redis.url);
      clients.push(client);
      return client;
    };
    describe('RedisDeduplicationStore', () => {
      itKeepsTheContract(() => new RedisDeduplicationStore(connect()));
    });
    describe('RedisDeadLetterStore', () => {
      itKeepsLetters(() => new RedisDeadLetterStore(connect()));
    });
  });

  describe('with clients of redis', () => {
    const clients: { destroy(): void }[] = [];
    afterAll(() => clients.forEach((client) => client.destroy()));

    const connect = async (): Promise<NodeRedisClient> => {
      const client = createClient({ url: redis.url });
      clients.push(client);
      await client.connect();
      return client;
    };
    const prefix = 'other:';
    describe('RedisDeduplicationStore', () => {
      itKeepsTheContract(async () => new RedisDeduplicationStore(await connect(), { prefix }));
    });
    describe('RedisDeadLetterStore', () => {
      itKeepsLetters(async () => new RedisDeadLetterStore(await connect(), { prefix }));
    });
  });
});

describeWhereInstalled(['postgres', 'initdb'], 'stores on PostgreSQL', () => {
  let postgres: PostgresProcess;
  const pools: Pool[] = [];
  beforeAll(async () => void (postgres = await PostgresProcess.launch()), 60_000);
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await postgres.close();
  });

  /** Alternates between two. */
  const connect = (): Pool => {
    const pool = pools.length < 2 ? postgresPool(postgres) : pools.shift()!;
    pools.push(pool);
    return pool;
  };
  const prefix = 'public.shop_';
  describe('PostgresDeduplicationStore', () => {
    itKeepsTheContract(async () => {
      const store = new PostgresDeduplicationStore(connect(), { prefix });
      await store.createTables();
      return store;
    });
  });
  describe('PostgresDeadLetterStore', () => {
    itKeepsLetters(async () => {
      const store = new PostgresDeadLetterStore(connect(), { prefix });
      await store.createTables();
      return store;
    });
  });
});
