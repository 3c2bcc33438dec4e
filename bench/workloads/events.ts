// What workloads about events share.
import type { ContestantName } from '../contestants/contestants.js';
import type { Watched } from '../contestants/watching.js';
import { WINDOW, type Broker } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Lap } from '../harness/stopwatch.js';
import type { Figures } from '../harness/workload.js';
import type { ConsumerParameters } from '../players/consumer.js';
import type { PumpParameters } from '../players/pump.js';
import type { ViewerParameters } from '../players/viewer.js';

/** Who takes part where nothing else is said. */
export const MOST: readonly ContestantName[] = ['transport', 'mqttjs', 'nest12', 'transport-3.1.1', 'floor'];
/** Size of events where nothing else is said. */
export const CASE = '100 bytes';

/** What it took one process to take, or to publish, that many events. */
export function eventFigures(events: number, { seconds, cpuSeconds }: Lap): Figures {
  return {
    'events/s': events / seconds,
    'µs CPU/event': (cpuSeconds * 1_000_000) / events,
  };
}

/**
 * How much of the time the consumer was at work, of 1: what is well below that was held up by the broker, or by who publishes, and
 * its events per second are theirs.
 */
export function busy({ seconds, cpuSeconds }: Lap): Figures {
  return { 'consumer at work': cpuSeconds / seconds };
}

export interface Pumped {
  readonly filter: string;
  /** Each has a publisher of its own. */
  readonly topics: readonly string[];
  /** That each of them publishes: first to warm up the consumer, then to count. */
  readonly warmUp: number;
  readonly events: number;
  /** Events in one write of a publisher. */
  readonly piece?: number;
  /** Who watches the consumer. Default: nobody. */
  readonly watched?: Watched;
  /** Whether the consumer, an application with HTTP, has the inspector. */
  readonly inspector?: boolean;
  /** Whether somebody looks at it. */
  readonly viewer?: boolean;
}

/** Publishes QoS 0 events faster than a consumer takes them. */
export async function pumped(
  contestant: ContestantName,
  { url }: Broker,
  { filter, topics, piece, watched, inspector, viewer: isWatched = false, ...each }: Pumped,
): Promise<Figures> {
  const waves = [each.warmUp * topics.length, each.events * topics.length] as const;
  const consumer = await PlayerProcess.start('consumer', {
    contestant,
    url,
    qos: 0,
    filter,
    window: WINDOW,
    watched,
    inspector,
    waves,
  } satisfies ConsumerParameters);
  const pump = await PlayerProcess.start('pump', { url, topics, piece } satisfies PumpParameters);
  const viewer = isWatched
    ? await PlayerProcess.start('viewer', { page: await consumer.ask('page') } satisfies ViewerParameters)
    : undefined;
  try {
    await Promise.all([consumer.ask('taken', 0), pump.ask('pump', each.warmUp)]);
    const [lap] = await Promise.all([consumer.ask<Lap>('taken', 1), pump.ask<Lap>('pump', each.events)]);
    const seen = viewer && { snapshots: await viewer.ask<number>('seen') };
    return { ...eventFigures(waves[1], lap), ...busy(lap), ...seen };
  } finally {
    await viewer?.end();
    await pump.end();
    await consumer.end();
  }
}
