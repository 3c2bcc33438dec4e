// Takes events, each under a key of its own, and measures from the first one that counts to the last.
import { randomUUID } from 'node:crypto';
import { ServerMqtt, type DeduplicationStore } from 'nestjs-mqtt-transport';
import { PostgresDeduplicationStore, RedisDeduplicationStore } from 'nestjs-mqtt-transport/stores';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { READINGS } from '../contestants/contestant.js';
import { consumer, listen } from '../contestants/nest-application.js';
import { WINDOW } from '../harness/broker.js';
import { play, playerParameters } from '../harness/player.js';
import { stopwatch, type Lap } from '../harness/stopwatch.js';

export type StoreKind = 'none' | 'memory' | 'redis' | 'postgres';

export interface DeduplicatorParameters {
  readonly url: string;
  readonly store: StoreKind;
  readonly database: string;
  /** Whether events run in order of 1,000 keys. */
  readonly ordered: boolean;
  /** Events to warm up with, and events that count. */
  readonly waves: readonly [warmUp: number, counted: number];
}

const { url, store, database, ordered, waves } = playerParameters<DeduplicatorParameters>();

async function open(): Promise<DeduplicationStore | undefined> {
  if (store === 'redis') return new RedisDeduplicationStore(await createClient({ url: database }).connect());
  if (store !== 'postgres') return undefined;
  const postgres = new PostgresDeduplicationStore(new Pool({ connectionString: database, max: 4 }));
  await postgres.createTables();
  return postgres;
}

let resolveTaken!: (lap: Lap) => void;
const lapOfAll = new Promise<Lap>((resolve) => (resolveTaken = resolve));
let lap = stopwatch();
let count = 0;

function take(): void {
  if (count === waves[0]) lap = stopwatch();
  if (++count === waves[0] + waves[1]) resolveTaken(lap());
}

const opened = await open();
const run = randomUUID();
let keys = 0;
const key = (): string => `${run} ${keys++}`;
const orderBy = (): string => String(keys++ % 1_000);
const strategy = new ServerMqtt({
  url,
  clientId: 'bench-deduplicator',
  clean: false,
  properties: { sessionExpiryInterval: 3_600 },
  maxConcurrency: WINDOW,
  subscribeOptions: {
    qos: 1,
    deduplicate: store === 'none' ? false : { key, ...(opened && { store: opened }) },
    ...(ordered && { orderBy }),
  },
});
await listen(consumer(READINGS, take), { strategy });
play({ taken: () => lapOfAll });
