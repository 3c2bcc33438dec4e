import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { MemoryDeadLetterStore } from '../../../lib/index.js';
import { PostgresDeadLetterStore, RedisDeadLetterStore } from '../../../lib/stores/index.js';
import { replayMany } from '../../replays/replay-many.js';
import { closeAfterTest } from '../../support/closing.js';
import { describeWhereInstalled } from '../../support/executables.js';
import '../../support/logs.js';
import { postgresPool } from '../../support/postgres-pool.js';
import { PostgresProcess } from '../../support/postgres-process.js';
import { RedisProcess } from '../../support/redis-process.js';

// npm run replays is the long version: 10,000 letters at 500 a second
const options = { letters: 300, perSecond: 2_000 };
const whole = { kept: 300, replayed: 300, twice: 0, lost: 0, left: 0, problems: [] };
const TIMEOUT_MS = 60_000;

it('a replay in memory that is cancelled, shared and resumed replays each letter once', async () => {
  const store = new MemoryDeadLetterStore();
  expect(await replayMany([store, store], options)).toMatchObject(whole);
});

describeWhereInstalled(['postgres', 'initdb', 'redis-server'], 'a replay that is cancelled, shared and resumed', () => {
  it(
    'replays each letter of PostgreSQL once',
    async () => {
      const postgres = await PostgresProcess.launch();
      closeAfterTest(() => postgres.close());
      const pools = [postgresPool(postgres), postgresPool(postgres)] as const;
      closeAfterTest(() => Promise.all(pools.map((pool) => pool.end())));
      const stores = [new PostgresDeadLetterStore(pools[0]), new PostgresDeadLetterStore(pools[1])] as const;
      await stores[0].createTables();
      expect(await replayMany(stores, options)).toMatchObject(whole);
    },
    TIMEOUT_MS,
  );

  it(
    'replays each letter of Redis once',
    async () => {
      const redis = await RedisProcess.launch();
      closeAfterTest(() => redis.close());
      const clients = [new Redis(redis.url), new Redis(redis.url)] as const;
      closeAfterTest(() => clients.forEach((client) => client.disconnect()));
      const stores = [new RedisDeadLetterStore(clients[0]), new RedisDeadLetterStore(clients[1])] as const;
      expect(await replayMany(stores, options)).toMatchObject(whole);
    },
    TIMEOUT_MS,
  );
});
