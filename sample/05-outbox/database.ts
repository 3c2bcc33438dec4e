import { Pool } from 'pg';
import { PostgresDeduplicationStore } from 'nestjs-mqtt-transport/stores';
import { OUTBOX_SQL } from './outbox.js';

/** The sample's own schema. */
const SCHEMA = 'outbox_sample';

export function databaseOf(connectionString: string): Pool {
  const pool = new Pool({ connectionString, options: `-c search_path=${SCHEMA}`, max: 4 });
  pool.on('error', () => {}); // idle connections, when the database stops; queries report the error
  return pool;
}

/** In an application, migrations do this. */
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
