import 'reflect-metadata';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Controller, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { AckPolicy, MqttContext, MqttSubscription, ServerMqtt } from '../../../../lib/index.js';
import { MqttBroker } from '../../../../lib/testing/index.js';
import { Random } from '../../../support/random.js';
import { countersOf, leftoversOf, type Leftovers } from '../leftovers.js';
import { ATTEMPTS, planOf } from './message-plan.js';

export interface SoakOptions {
  readonly messages: number;
  readonly protocolVersion: 4 | 5;
  readonly random: Random;
  /** Collects garbage, to see what is held for good. */
  readonly collectGarbage: () => void;
}

export interface SoakResult {
  readonly messages: number;
  /** Messages whose handler never came to an end. */
  readonly unhandled: number;
  /** Messages whose handler came to an end more than once, because a cut swallowed the acknowledgement. */
  readonly handledAgain: number;
  /** Messages that the broker saw acknowledged. */
  readonly acknowledged: number;
  readonly cuts: number;
  readonly retries: number;
  readonly givenUp: number;
  /** Runs that began and did not end, by the server's own counters. */
  readonly unaccounted: number;
  readonly unhandledRejections: readonly string[];
  /** Bytes that the heap has grown from the end of the first half to the end of the second. */
  readonly heapGrowth: number;
  readonly leftovers: Leftovers;
}

/** Messages that are under way at once. */
const WINDOW = 2_000;
/** Handlers that end between one cut and the next, on average. */
const BETWEEN_CUTS = 1_000;
const CLIENT_ID = 'soak';
/**
 * The transport takes 20 connections in a row that live no longer than a second for a fight over a Client Identifier, and gives up.
 * It sees them begin later than the broker does, on a busy machine much later.
 */
const SHORT_LIVED_MS = 2_000;
const MOST_SHORT_LIVED = 15;
const STALLED_MS = 60_000;

/** Sends messages through AckPolicy.ACK, with failures, retries and cuts, and tells what became of them. */
export async function runSoak({ messages, protocolVersion, random, collectGarbage }: SoakOptions): Promise<SoakResult> {
  const unhandledRejections: string[] = [];
  process.on('unhandledRejection', (reason) => unhandledRejections.push(String(reason)));
  const broker = new MqttBroker();
  const ended = new Uint16Array(messages);
  const tally = { acknowledged: 0, cuts: 0, retries: 0, givenUp: 0, untilCut: BETWEEN_CUTS };
  const connection = { since: 0, shortLived: 0 };
  broker.on('acknowledge', () => void tally.acknowledged++);
  broker.on('connect', () => (connection.since = Date.now()));

  function end(message: number): void {
    ended[message]!++;
    if (--tally.untilCut <= 0 && broker.session(CLIENT_ID)?.connected) cut();
  }

  function cut(): void {
    const shortLived = Date.now() - connection.since <= SHORT_LIVED_MS;
    if (shortLived && connection.shortLived === MOST_SHORT_LIVED) return;
    connection.shortLived = shortLived ? connection.shortLived + 1 : 0;
    tally.untilCut = random.between(1, 2 * BETWEEN_CUTS);
    tally.cuts++;
    broker.faults.drop(CLIENT_ID);
  }

  @Controller()
  class Soaked {
    @MqttSubscription({ ackPolicy: AckPolicy.ACK, retry: { attempts: ATTEMPTS, delay: 1, factor: 1, maxDelay: 1 } })
    @EventPattern<string>('soak', { qos: 1 })
    async handle(@Payload() message: number, @Ctx() { attempt }: MqttContext): Promise<void> {
      const { failures, pause } = planOf(message);
      if (pause === 'microtask') await Promise.resolve();
      else if (pause === 'immediate') await turn();
      else if (pause === 'timer') await sleep(1);
      if (attempt > 1) tally.retries++;
      if (attempt <= failures) {
        if (attempt === ATTEMPTS) {
          tally.givenUp++;
          end(message);
        }
        throw new Error(`Run ${attempt} of message ${message} fails`);
      }
      end(message);
    }
  }

  const server = new ServerMqtt({
    url: await broker.listen(),
    protocolVersion,
    clientId: CLIENT_ID,
    clean: false,
    properties: protocolVersion === 5 ? { sessionExpiryInterval: 3_600 } : undefined,
    reconnect: { initialDelay: 1, maxDelay: 5 },
  });
  Logger.overrideLogger(false);
  const app = await NestFactory.createMicroservice(moduleOf(Soaked), { strategy: server });
  await app.listen();

  /** Resolves when so many are acknowledged. */
  async function untilAcknowledged(count: number): Promise<void> {
    let [seen, since] = [tally.acknowledged, Date.now()];
    while (tally.acknowledged < count) {
      await turn();
      if (tally.acknowledged > seen) [seen, since] = [tally.acknowledged, Date.now()];
      else if (Date.now() - since > STALLED_MS)
        throw new Error(`Stalled: ${JSON.stringify({ ...tally, session: broker.session(CLIENT_ID) })}`);
    }
  }

  /** Publishes up to `last`, and waits until all of them are acknowledged. Returns what the heap holds then. */
  async function publishUpTo(first: number, last: number): Promise<number> {
    for (let message = first; message < last; message++) {
      await untilAcknowledged(message - WINDOW + 1);
      broker.publish({ topic: 'soak', payload: String(message), qos: 1 });
    }
    await untilAcknowledged(last);
    collectGarbage();
    return process.memoryUsage().heapUsed;
  }

  const half = Math.floor(messages / 2);
  const heapBetween = await publishUpTo(0, half);
  const heapAfter = await publishUpTo(half, messages);
  const { received, succeeded, failed } = countersOf(server);
  const leftovers = leftoversOf(server, broker, CLIENT_ID);
  await app.close();
  await broker.close();
  const { acknowledged, cuts, retries, givenUp } = tally;
  return {
    messages,
    unhandled: ended.filter((times) => times === 0).length,
    handledAgain: ended.filter((times) => times > 1).length,
    acknowledged,
    cuts,
    retries,
    givenUp,
    unaccounted: received - succeeded - failed,
    unhandledRejections,
    heapGrowth: heapAfter - heapBetween,
    leftovers,
  };
}

function moduleOf(controller: new () => object): new () => object {
  class SoakModule {}
  Module({ controllers: [controller] })(SoakModule);
  return SoakModule;
}
