import { Pool, type PoolConfig } from 'pg';
import type { PostgresProcess } from './postgres-process.js';

const ignore = (): void => {};

/** Connections to a PostgreSQL that may end them at any time: `pool.end()` resolves before its sockets are closed. */
export function postgresPool({ url }: PostgresProcess, options: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: url, ...options });
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}
