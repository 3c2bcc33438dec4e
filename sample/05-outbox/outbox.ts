import type { ClientBase } from 'pg';

/** The channel on which a committed transaction notifies the relay. */
export const OUTBOX_CHANNEL = 'outbox';

/** For a migration of the application. */
export const OUTBOX_SQL = `
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  payload jsonb NOT NULL,
  published_at timestamptz,
  refusal text
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE published_at IS NULL;
`;

/** Writes an event in the transaction of its change: both are committed, or neither is. */
export async function addToOutbox(transaction: ClientBase, topic: string, payload: object): Promise<void> {
  await transaction.query('INSERT INTO outbox (topic, payload) VALUES ($1, $2)', [topic, JSON.stringify(payload)]);
  await transaction.query(`NOTIFY ${OUTBOX_CHANNEL}`); // sent with the commit
}
