import { afterAll, beforeAll, describe } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { createClient } from 'redis';
import { PostgresDeduplicationStore, RedisDeduplicationStore } from '../../../lib/stores/index.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { postgresPool } from '../../support/postgres-pool.js';
import { PostgresProcess } from '../../support/postgres-process.js';
import { RedisProcess } from '../../support/redis-process.js';
import { itKeepsTheContract } from '../../support/store-cases.js';

describeWhereInstalled(['redis-server'], 'RedisDeduplicationStore', () => {
  let redis: RedisProcess;
  beforeAll(async () => void (redis = await RedisProcess.launch()));
  afterAll(() => redis.close());

  describe('with clients of ioredis', () => {
    const clients: Redis[] = [];
    afterAll(() => clients.forEach((client) => client.disconnect()));

    itKeepsTheContract(() => {
      const client = new Redis(redis.url);
      clients.push(client);
      return new RedisDeduplicationStore(client);
    });
  });

  describe('with clients of redis', () => {
    const clients: { destroy(): void }[] = [];
    afterAll(() => clients.forEach((client) => client.destroy()));

    itKeepsTheContract(async () => {
      const client = createClient({ url: redis.url });
      clients.push(client);
      await client.connect();
      return new RedisDeduplicationStore(client, { prefix: 'other:' });
    });
  });
});

describeWhereInstalled(['postgres', 'initdb'], 'PostgresDeduplicationStore', () => {
  let postgres: PostgresProcess;
  const pools: Pool[] = [];
  beforeAll(async () => void (postgres = await PostgresProcess.launch()), 60_000);
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await postgres.close();
  });

  itKeepsTheContract(async () => {
    const pool = postgresPool(postgres);
    pools.push(pool);
    const store = new PostgresDeduplicationStore(pool, { prefix: 'public.shop_' });
    await store.createTables();
    return store;
  });
});
