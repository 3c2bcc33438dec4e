import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import type { MqttServerOptions, ServerMqtt } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable, resumeSession, type DurableConnection } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';
import { statesOf } from '../lifecycle/scene.js';

/** Handlers of these topics. */
function handlersOf(topics: readonly string[], seen = new Journal<unknown>()): new () => object {
  @Controller()
  class Handlers {
    @EventPattern(topics as string[], { qos: 1 })
    take(data: unknown): void {
      seen.add(data);
    }
  }

  return Handlers;
}

function filtersAskedFor(tap: WireTap): string[] {
  return tap.sent('client', 'subscribe').flatMap(({ subscriptions }) => subscriptions.map(({ topic }) => topic));
}

describeEachBroker('a session that is resumed within one process', (broker) => {
  it('is not subscribed again, but for filters that are new since', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(durable(tap.connection));
    const heard = new Journal<unknown>();
    const listening = client.messages('resumed/a', { qos: 1 }).subscribe(({ data }) => heard.add(data));
    await tap.packets.first(({ packet }) => packet.cmd === 'suback');
    const states = statesOf(client);
    tap.cut();
    await states.first((state) => state === 'disconnected');
    const added = client.messages('resumed/b', { qos: 1 }).subscribe(({ data }) => heard.add(data)); // while it is away
    await tap.packets.until(
      (all) => all.filter(({ packet }) => packet.cmd === 'suback').length === 2,
      'a second SUBACK',
    );
    expect(filtersAskedFor(tap)).toEqual(['resumed/a', 'resumed/b']);
    const peer = createClient(broker.connection);
    await peer.publish('resumed/a', 'a', { qos: 1 });
    await peer.publish('resumed/b', 'b', { qos: 1 });
    expect(await heard.atLeast(2)).toEqual(['a', 'b']);
    listening.unsubscribe();
    added.unsubscribe();
  });
});

function failing(): never {
  throw new Error('no room in the ledger');
}

/** A session in which an older deployment has left a subscription, and a message that came by it. */
async function staleSession(
  version: 4 | 5,
): Promise<{ connection: DurableConnection; stillKept: () => Promise<number> }> {
  const { broker, url } = await startInProcessBroker();
  const connection = durable(connectionTo(url, version));
  const { app } = await startServer(connection, { controllers: [handlersOf(['stale/old', 'stale/new'])] });
  await app.close();
  for (const payload of ['1', '2']) broker.publish({ topic: 'stale/old', payload, qos: 1 });
  broker.publish({ topic: 'stale/new', payload: '"new"', qos: 1 });
  const stillKept = async (): Promise<number> => {
    broker.publish({ topic: 'stale/new', payload: '"end"', qos: 1 });
    const kept = await resumeSession(connection).until((all) => all.at(-1)?.topic === 'stale/new', 'the end');
    return kept.length - 1;
  };
  return { connection, stillKept };
}

/** The present deployment, which has no handler for `stale/old`. */
async function deploy(options: MqttServerOptions): Promise<{ server: ServerMqtt; close: () => Promise<void> }> {
  const seen = new Journal<unknown>();
  const { app, server } = await createServer(options, { controllers: [handlersOf(['stale/new'], seen)] });
  await app.listen();
  expect(await seen.atLeast(1)).toEqual(['new']);
  return { server, close: () => app.close() };
}

describe.each([5, 4] as const)('onStaleSubscription (version %i)', (version) => {
  it("'log', the default: one line for the topic, and the messages stay with the broker", async () => {
    const { connection, stillKept } = await staleSession(version);
    const { close } = await deploy(connection);
    expect(transportLogs('warn')).toEqual([expect.stringContaining('No handler for "stale/old"')]);
    await close();
    expect(await stillKept()).toBe(2);
  });

  it("'unsubscribe': the subscription is dropped, and the messages with it", async () => {
    const { connection, stillKept } = await staleSession(version);
    const { server, close } = await deploy({ ...connection, onStaleSubscription: 'unsubscribe' });
    expect(server.health()).toMatchObject({ unsettled: 0 });
    expect(transportLogs('warn')).toEqual([expect.stringContaining('No handler for "stale/old"')]);
    await close();
    expect(await stillKept()).toBe(0);
  });

  it('a function: it is told of each, and may drop the filter', async () => {
    const { connection, stillKept } = await staleSession(version);
    const told = new Journal<unknown>();
    const { close } = await deploy({ ...connection, onStaleSubscription: told.add });
    const message = { topic: 'stale/old', qos: 1 };
    expect(told.entries).toEqual([message, message]);
    expect(transportLogs('warn')).toEqual([]);
    await close();
    expect(await stillKept()).toBe(0);
  });

  it('a function that throws: the messages stay with the broker, and the server goes on', async () => {
    const { connection, stillKept } = await staleSession(version);
    const { close } = await deploy({ ...connection, onStaleSubscription: failing });
    expect(transportLogs('error')[0]).toContain('no room in the ledger');
    await close();
    expect(await stillKept()).toBe(2);
  });
});
