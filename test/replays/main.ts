// Run by start.mjs: prints what became of everything as JSON; exit code 1 when something is wrong with it.
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { DeadLetterStore } from '../../lib/index.js';
import { PostgresDeadLetterStore, RedisDeadLetterStore } from '../../lib/stores/index.js';
import { postgresPool } from '../support/postgres-pool.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { replayMany, type ReplaysReport } from './replay-many.js';

const [, letters = '10000', perSecond = '500'] = process.argv.slice(1);
const options = { letters: Number(letters), perSecond: Number(perSecond) };
Logger.overrideLogger(false); // each failure is a line

async function onPostgres(): Promise<ReplaysReport> {
  const postgres = await PostgresProcess.launch();
  const pools = [postgresPool(postgres), postgresPool(postgres)];
  try {
    const stores = pools.map((pool) => new PostgresDeadLetterStore(pool)) as [
      PostgresDeadLetterStore,
      PostgresDeadLetterStore,
    ];
    await stores[0].createTables();
    return await replayMany(stores, options);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
    await postgres.close();
  }
}

async function onRedis(): Promise<ReplaysReport> {
  const redis = await RedisProcess.launch();
  const clients = [new Redis(redis.url), new Redis(redis.url)] as const;
  try {
    const stores: [DeadLetterStore, DeadLetterStore] = [
      new RedisDeadLetterStore(clients[0]),
      new RedisDeadLetterStore(clients[1]),
    ];
    return await replayMany(stores, options);
  } finally {
    for (const client of clients) client.disconnect();
    await redis.close();
  }
}

try {
  const report = { ...options, postgres: await onPostgres(), redis: await onRedis() };
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  const problems = [...report.postgres.problems, ...report.redis.problems];
  process.exit(problems.length > 0 ? 1 : 0);
} catch (error) {
  process.stderr.write(`${(error as Error).stack ?? String(error)}\n`, () => process.exit(1));
}
