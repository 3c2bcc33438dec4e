import { PostgresProcess } from '../../test/support/postgres-process.js';
import { RedisProcess } from '../../test/support/redis-process.js';
import { WINDOW } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Lap } from '../harness/stopwatch.js';
import type { Figures, Workload } from '../harness/workload.js';
import type { DeduplicatorParameters, StoreKind } from '../players/deduplicator.js';
import type { EmitParameters, EmitterParameters } from '../players/emitter.js';
import { busy, eventFigures } from './events.js';

/** Events that are taken cold, and those that count. */
const WAVES = [10_000, 20_000] as const;

const WITHOUT = 'without';
const ORDERED = 'without, in order of 1,000 keys';

const CASES: Readonly<Record<string, StoreKind>> = {
  [WITHOUT]: 'none',
  [ORDERED]: 'none',
  'in memory': 'memory',
  'on Redis': 'redis',
  'on PostgreSQL': 'postgres',
};

export const DEDUPLICATION: readonly Workload[] = [
  {
    name: 'deduplication',
    title: 'Deduplication and order of events, QoS 1',
    description:
      `A server receives events that were published while it was stopped, each with its own key, ${WINDOW} at once: claimed before the ` +
      'handler runs, completed before the acknowledgement; or in order of 1,000 keys (`orderBy`). Redis and PostgreSQL run on the same machine with their default settings; ' +
      'PostgreSQL has four connections, and writes to disk.',
    contestants: ['transport'],
    rounds: 3,
    marks: [
      { case: ORDERED, figure: 'events/s', of: 'transport', against: 'transport', againstCase: WITHOUT, atLeast: 0.9 },
    ],
    async round(_contestant, { url }) {
      const [redis, postgres] = await Promise.all([RedisProcess.launch(), PostgresProcess.launch()]);
      try {
        const databases: Record<StoreKind, string> = { none: '', memory: '', redis: redis.url, postgres: postgres.url };
        const results: Record<string, Figures> = {};
        for (const [name, store] of Object.entries(CASES)) {
          results[name] = await backlog({
            url,
            store,
            database: databases[store],
            ordered: name === ORDERED,
            waves: WAVES,
          });
        }
        return results;
      } finally {
        await Promise.all([redis.close(), postgres.close()]);
      }
    },
  },
];

/** It subscribes and ends; events are published; it starts again, and takes them all. */
async function backlog(parameters: DeduplicatorParameters): Promise<Figures> {
  const { url, waves } = parameters;
  const subscribing = await PlayerProcess.start('deduplicator', parameters);
  await subscribing.end();
  const emitting: EmitterParameters = { contestant: 'floor', url, qos: 1 };
  const emitter = await PlayerProcess.start('emitter', emitting);
  await emitter.ask('emit', { window: WINDOW, events: waves[0] + waves[1] } satisfies EmitParameters);
  await emitter.end();
  const taking = await PlayerProcess.start('deduplicator', parameters);
  try {
    const lap = await taking.ask<Lap>('taken');
    return { ...eventFigures(waves[1], lap), ...busy(lap) };
  } finally {
    await taking.end();
  }
}
