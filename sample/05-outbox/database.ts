import { Pool } from 'pg';
import { PostgresDeduplicationStore } from 'nestjs-mqtt-transport/stores';
import { OUTBOX_SQL } from './outbox.js';

/** All tables of the sample are in a schema of its own. */
const SCHEMA = 'outbox_sample';

export function databaseOf(connectionString: string): Pool {
  const pool = new Pool({ connectionString, options: `-c search_path=${SCHEMA}`, max: 4 });
  pool.on('error', () => {}); // of idle connections, when the database goes away; queries tell of it
  return pool;
}

/** What an application's migrations do. */
export async function createTables(pool: Pool): Promise<void> {
  await pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE; CREATE SCHEMA ${SCHEMA};
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL);
    CREATE TABLE bills (order_id bigint NOT NULL);
    ${OUTBOX_SQL}`);
  await new PostgresDeduplicationStore(pool).createTables();
}

export async function dropTables(pool: Pool): Promise<void> {
  await pool.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
}
