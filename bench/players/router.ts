// Looks up the handlers of topics: no broker, no messages.
import { ServerMqtt as NestServer } from '@nestjs/microservices';
import { HandlerRegistry } from '../../lib/routing/handler-registry.js';
import { Subscriptions } from '../../lib/routing/subscriptions.js';
import { TopicRouter } from '../../lib/routing/topic-router.js';
import { TextMemory } from '../../lib/wire/inbound/text-memory.js';
import { play, playerParameters } from '../harness/player.js';
import { stopwatch } from '../harness/stopwatch.js';

export type Router = 'transport' | 'nest12';

export interface RouterParameters {
  readonly contestant: Router;
}

export interface LookUpParameters {
  /** Patterns with a wildcard, one handler each. */
  readonly patterns: number;
  /** Seconds of CPU time that look-ups take in all. */
  readonly seconds: number;
  /** Look-ups between two looks at the clock. */
  readonly batch: number;
}

export interface LookUpResult {
  /** Microseconds of CPU time for a topic that was seen lately. */
  readonly cached: number;
  /** The same for a topic that was never seen. */
  readonly fresh: number;
}

/** Something that is found where the topic has a handler. */
type LookUp = (topic: string) => unknown;

const { contestant } = playerParameters<RouterParameters>();

const ROUTERS: Readonly<Record<Router, (patterns: readonly string[]) => LookUp>> = {
  transport(patterns) {
    const registry = new HandlerRegistry();
    for (const pattern of patterns) registry.add(pattern, false, handler(), true, {});
    const handlers = registry.resolve({ subscribeOptions: {}, strippedPrefixes: [], protocolVersion: 5 });
    const router = new TopicRouter(new Subscriptions(handlers));
    return (topic) => router.route(topic).targets[0];
  },
  nest12(patterns) {
    const server = new NestServer({});
    for (const pattern of patterns) server.addHandler(pattern, handler(), true);
    return (topic) => server.getHandlerByPattern(topic);
  },
};

function handler(): () => Promise<void> {
  return () => Promise.resolve();
}

/** Topics that are asked for again and again: fewer than are remembered. */
const KNOWN_TOPICS = 1_000;
/** Prime, so that topics in a row have their patterns far from each other. */
const STRIDE = 7_919;

function look({ patterns, seconds, batch }: LookUpParameters): LookUpResult {
  const lookUp = ROUTERS[contestant](Array.from({ length: patterns }, (_, i) => `devices/${i}/+/state`));
  let next = 0;
  const topics = (different: number): string[] =>
    Array.from({ length: batch }, () => topicOf(next++ % different, patterns));
  const measure = (different: number): number => {
    timed(lookUp, () => topics(different), seconds / 2); // compiles it, and fills what is remembered
    return timed(lookUp, () => topics(different), seconds);
  };
  return { cached: measure(KNOWN_TOPICS), fresh: measure(Number.MAX_SAFE_INTEGER) };
}

/** As many topics as a connection of this transport keeps. */
const memory = new TextMemory(1_024);

/**
 * As this transport gives it: the same string where it came lately, and where it did not one of its own, which nobody has
 * hashed yet. Nest's server, which looks at every pattern, would not notice.
 */
function topicOf(number: number, patterns: number): string {
  const bytes = Buffer.from(`devices/${(number * STRIDE) % patterns}/sensor-${number}/state`);
  const known = memory.recall(bytes, 0, bytes.length);
  if (known !== undefined) return known;
  const topic = bytes.toString();
  memory.remember(bytes, 0, bytes.length, topic);
  return topic;
}

/** Microseconds of CPU time for a look-up, without what it takes to make topics. */
function timed(lookUp: LookUp, topics: () => readonly string[], seconds: number): number {
  let cpuSeconds = 0;
  let lookUps = 0;
  while (cpuSeconds < seconds) {
    const batch = topics();
    globalThis.gc!({ type: 'minor' }); // what it took to make them is not to be collected on a look-up's time
    let found = 0;
    const lap = stopwatch();
    for (const topic of batch) if (lookUp(topic)) found++;
    cpuSeconds += lap().cpuSeconds;
    lookUps += batch.length;
    if (found < batch.length) throw new Error(`${batch.length - found} of ${batch.length} topics had no handler`);
  }
  return (cpuSeconds * 1_000_000) / lookUps;
}

play({ look });
