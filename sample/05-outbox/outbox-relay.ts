import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ClientMqtt, PublishRefusedError } from 'nestjs-mqtt-transport';
import { Pool, type PoolClient } from 'pg';
import { OUTBOX_CHANNEL } from './outbox.js';

interface Row {
  readonly id: string;
  readonly topic: string;
  readonly payload: object;
}

/** Rows per batch. */
const BATCH = 100;
/** Polling interval without notifications, and delay after a failure. */
const POLL_MS = 1_000;
/** Only one relay of all processes works, so that rows are published in order. PostgreSQL releases the lock when the process dies. */
const LOCK = 'SELECT pg_try_advisory_lock(4711) AS mine';

/** Publishes the rows of the outbox in order, at least once, and marks them when the broker has acknowledged them. */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly client: ClientMqtt,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.relay();
      } catch (error) {
        this.logger.warn(`Publishing the outbox failed: ${(error as Error).message}`);
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Runs on one connection until it ends. Resolves at once if another process has the lock. */
  private async relay(): Promise<void> {
    const db = await this.pool.connect();
    const over = new AbortController();
    const stop = (): void => over.abort();
    this.stopping.signal.addEventListener('abort', stop, { once: true });
    db.once('error', stop);
    try {
      const { rows } = await db.query<{ mine: boolean }>(LOCK);
      if (!rows[0]!.mine) return;
      await db.query(`LISTEN ${OUTBOX_CHANNEL}`);
      while (!over.signal.aborted) {
        const signal = AbortSignal.any([over.signal, AbortSignal.timeout(POLL_MS)]);
        const notified = once(db, 'notification', { signal }).catch(() => {}); // listens before it queries
        if ((await this.publishBatch(db)) < BATCH) await notified;
      }
    } finally {
      this.stopping.signal.removeEventListener('abort', stop);
      db.release(true); // closes the connection, which holds the lock
    }
  }

  /** @returns the number of rows */
  private async publishBatch(db: PoolClient): Promise<number> {
    const { rows } = await db.query<Row>(
      'SELECT id, topic, payload FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1',
      [BATCH],
    );
    if (rows.length === 0) return 0;
    const published = rows.map((row) => this.publish(row));
    const done: { id: string; refusal: string | null }[] = [];
    const ends = await Promise.allSettled(published);
    for (const [i, end] of ends.entries()) {
      if (end.status === 'rejected' && !(end.reason instanceof PublishRefusedError)) break; // keeps the order: the rest is retried
      done.push({ id: rows[i]!.id, refusal: end.status === 'rejected' ? String(end.reason) : null });
    }
    await db.query(
      `UPDATE outbox SET published_at = now(), refusal = done.refusal
       FROM unnest($1::bigint[], $2::text[]) AS done (id, refusal) WHERE outbox.id = done.id`,
      [done.map(({ id }) => id), done.map(({ refusal }) => refusal)],
    );
    const failed = ends[done.length];
    if (failed?.status === 'rejected') throw failed.reason;
    return rows.length;
  }

  /** A duplicate after a crash has the same `event-id`. */
  private publish({ id, topic, payload }: Row): Promise<void> {
    return this.client.publish(topic, payload, { qos: 1, userProperties: { 'event-id': id } });
  }
}
