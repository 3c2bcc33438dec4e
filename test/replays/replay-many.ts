import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ClientMqtt, MqttSubscription, ServerMqtt, type DeadLetterStore } from '../../lib/index.js';
import { MqttBroker } from '../../lib/testing/index.js';

interface ReplaysOptions {
  readonly letters: number;
  readonly perSecond: number;
}

/** One run of `replayAll()`, up to where it was cancelled. */
interface Leg {
  readonly replayers: number;
  readonly replayed: number;
  readonly seconds: number;
}

export interface ReplaysReport {
  /** Letters that were kept, and how many a second. */
  readonly kept: number;
  readonly keptPerSecond: number;
  readonly legs: readonly Leg[];
  readonly replayed: number;
  /** Letters whose handler has run for them twice. */
  readonly twice: number;
  /** Letters whose handler has not run, and that are not in the store either. */
  readonly lost: number;
  readonly left: number;
  /** What must not be. */
  readonly problems: readonly string[];
}

/** Where a run is cancelled: after so large a part of all. */
const CANCELLED_AFTER = [0.3, 0.6];
/** What a timer is late by is made up for. */
const SLACK_SECONDS = 0.1;
const PUBLISHED_AT_ONCE = 200;

/**
 * Has a server give up so many messages, and replays the letters: one process, which is cancelled; two that share the work, and are
 * cancelled; and one to the end.
 *
 * @param stores on one database: of two processes
 */
export async function replayMany(
  stores: readonly [DeadLetterStore, DeadLetterStore],
  { letters, perSecond }: ReplaysOptions,
): Promise<ReplaysReport> {
  const broker = new MqttBroker();
  const url = await broker.listen();
  const runs = new Map<number, number>();
  let isBroken = true;

  @Controller()
  class Orders {
    @MqttSubscription({ qos: 1, shared: 'orders', deadLetter: true })
    @EventPattern('orders/created')
    created(@Payload() id: number): void {
      if (isBroken) throw new Error('the warehouse is down');
      runs.set(id, (runs.get(id) ?? 0) + 1);
    }
  }
  const apps: INestMicroservice[] = [];
  const servers: ServerMqtt[] = [];
  const client = new ClientMqtt({ url });
  try {
    for (const store of stores) {
      const strategy = new ServerMqtt({ url, deadLetters: { store } });
      const module = class Shop {};
      Module({ controllers: [Orders] })(module);
      const app = await NestFactory.createMicroservice(module, { strategy, logger: false });
      await app.listen();
      apps.push(app);
      servers.push(strategy);
    }
    const began = performance.now();
    for (let id = 0; id < letters; id += PUBLISHED_AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(PUBLISHED_AT_ONCE, letters - id) }, (_, i) =>
          client.publish('orders/created', id + i, { qos: 1 }),
        ),
      );
    const kept = await keptLetters(servers[0]!, letters);
    const keptPerSecond = Math.round(kept / ((performance.now() - began) / 1_000));
    isBroken = false;
    const legs: Leg[] = [];
    const all = { runs, perSecond, letters };
    legs.push(await replayLeg(servers.slice(0, 1), all, CANCELLED_AFTER[0]!));
    legs.push(await replayLeg(servers, all, CANCELLED_AFTER[1]!));
    legs.push(await replayLeg(servers.slice(0, 1), all, Infinity));
    const left = await countLetters(servers[0]!);
    return reportOf({ kept, keptPerSecond, legs, left }, runs, { letters, perSecond });
  } finally {
    await client.close();
    await Promise.all(apps.map((app) => app.close()));
    await broker.close();
  }
}

/** All replayers share the rate. */
async function replayLeg(
  servers: readonly ServerMqtt[],
  { runs, perSecond, letters }: ReplaysOptions & { readonly runs: ReadonlyMap<number, number> },
  cancelAfter: number,
): Promise<Leg> {
  const abort = new AbortController();
  const onProgress = (): void => {
    if (runs.size >= letters * cancelAfter) abort.abort();
  };
  const began = performance.now();
  const done = await Promise.all(
    servers.map(({ deadLetters }) =>
      deadLetters.replayAll({}, { perSecond: perSecond / servers.length, signal: abort.signal, onProgress }),
    ),
  );
  const seconds = (performance.now() - began) / 1_000;
  const replayed = done.reduce((sum, each) => sum + each.replayed, 0);
  return { replayers: servers.length, replayed, seconds };
}

async function keptLetters(server: ServerMqtt, wanted: number): Promise<number> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const count = await countLetters(server);
    if (count >= wanted) return count;
  }
  throw new Error(`There are not ${wanted} letters after a minute`);
}

async function countLetters({ deadLetters }: ServerMqtt): Promise<number> {
  let count = 0;
  let from: string | undefined;
  do {
    const page = await deadLetters.list({}, { limit: 1_000, from });
    count += page.letters.length;
    from = page.next;
  } while (from !== undefined);
  return count;
}

function reportOf(
  { kept, keptPerSecond, legs, left }: Pick<ReplaysReport, 'kept' | 'keptPerSecond' | 'legs' | 'left'>,
  runs: ReadonlyMap<number, number>,
  { letters, perSecond }: ReplaysOptions,
): ReplaysReport {
  const twice = [...runs.values()].filter((count) => count > 1).length;
  const lost = letters - runs.size - left;
  const replayed = legs.reduce((sum, leg) => sum + leg.replayed, 0);
  const problems: string[] = [];
  if (kept !== letters) problems.push(`${kept} letters were kept of ${letters} messages`);
  if (twice > 0) problems.push(`${twice} letters were replayed twice`);
  if (lost !== 0) problems.push(`${lost} letters are lost`);
  if (left > 0) problems.push(`${left} letters were not replayed`);
  if (replayed !== letters) problems.push(`replayAll() says ${replayed} of ${letters}`);
  for (const [i, leg] of legs.entries()) {
    if (leg.replayed === 0) problems.push(`run ${i + 1} has replayed nothing`);
    const allowed = perSecond * (leg.seconds + SLACK_SECONDS);
    if (leg.replayed > allowed) problems.push(`run ${i + 1} was too fast: ${leg.replayed} in ${leg.seconds} s`);
  }
  return { kept, keptPerSecond, legs, replayed, twice, lost, left, problems };
}
