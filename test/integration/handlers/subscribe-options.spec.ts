import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import { MqttSubscription, type MqttSubscriptionOptions } from '../../../lib/index.js';
import type { MqttBroker } from '../../../lib/testing/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

interface Levels {
  server?: MqttSubscriptionOptions;
  controller?: MqttSubscriptionOptions;
  /** As Nest extras of the pattern. */
  extras?: MqttSubscriptionOptions;
  /** As `@MqttSubscription` on the method. */
  method?: MqttSubscriptionOptions;
}

function controllerWith(
  { controller = {}, extras = {}, method = {} }: Levels,
  seen = new Journal<unknown>(),
): new () => object {
  @Controller()
  @MqttSubscription(controller)
  class Subscribed {
    @MqttSubscription(method)
    @EventPattern('t', extras)
    handle(@Payload() data: unknown): void {
      seen.add(data);
    }
  }

  return Subscribed;
}

function subscriptions(broker: MqttBroker): [filter: string, qos: number][] {
  return broker.clients.flatMap((client) =>
    client.subscriptions.map(({ filter, qos }) => [filter, qos] as [string, number]),
  );
}

describe.each([5, 4] as const)('subscribeOptions, as the broker sees them (version %i)', (protocolVersion) => {
  it.each<[string, Levels, string, number]>([
    ['by default', {}, 't', 0],
    ['of the server', { server: { qos: 1, shared: 'g', prefix: 's/' } }, '$share/g/s/t', 1],
    ['of the controller', { controller: { qos: 1, shared: 'g', prefix: 'c/' } }, '$share/g/c/t', 1],
    ['as extras', { extras: { qos: 2, shared: 'g', prefix: 'h/' } }, '$share/g/h/t', 2],
    ['of the method', { method: { qos: 2, shared: 'g', prefix: 'h/' } }, '$share/g/h/t', 2],
    [
      'controller over server',
      { server: { qos: 2, shared: 'a' }, controller: { qos: 0, shared: 'b' } },
      '$share/b/t',
      0,
    ],
    ['method over controller', { controller: { qos: 2, shared: 'a' }, method: { qos: 1 } }, '$share/a/t', 1],
    ['extras over controller over server', { server: { qos: 2 }, controller: { qos: 1 }, extras: { qos: 0 } }, 't', 0],
    ['shared: false switches an inherited group off', { server: { shared: 'g' }, extras: { shared: false } }, 't', 0],
    [
      'prefixes add up, from the outside in',
      { server: { prefix: 's/' }, controller: { prefix: 'c/' }, method: { prefix: 'h/' } },
      's/c/h/t',
      0,
    ],
  ])('%s', async (_name, levels, filter, qos) => {
    const { broker, url } = await startInProcessBroker();
    const options = { ...connectionTo(url, protocolVersion), subscribeOptions: levels.server ?? {} };
    await startServer(options, { controllers: [controllerWith(levels)] });
    expect(subscriptions(broker)).toEqual([[filter, qos]]);
  });

  it('a group and prefix may be written in the pattern, and other transports’ handlers are not ours', async () => {
    @Controller()
    class Written {
      @EventPattern<string>('$share/written/a/#')
      literal(): void {}

      @EventPattern(['b', 'c/+'])
      several(): void {}

      @EventPattern<string>('d', Transport.MQTT)
      ours(): void {}

      @EventPattern<string>('e', Transport.TCP)
      theirs(): void {}
    }

    const { broker, url } = await startInProcessBroker();
    const options = { ...connectionTo(url, protocolVersion), subscribeOptions: { prefix: 'p/' } };
    await startServer(options, { controllers: [Written] });
    const filters = subscriptions(broker).map(([filter]) => filter);
    expect(filters.toSorted()).toEqual(['$share/written/p/a/#', 'p/b', 'p/c/+', 'p/d']);
  });

  it('handlers of one filter share one subscription, at the highest QoS that one of them asks for', async () => {
    const { broker, url } = await startInProcessBroker();
    const controllers = [controllerWith({ method: { qos: 0 } }), controllerWith({ method: { qos: 2 } })];
    await startServer(connectionTo(url, protocolVersion), { controllers });
    expect(subscriptions(broker)).toEqual([['t', 2]]);
  });

  it('all subscriptions go out in few packets', async () => {
    const patterns = Array.from({ length: 1_200 }, (_, i) => `many/${i}/+`);

    @Controller()
    class Many {
      @EventPattern(patterns)
      handle(): void {}
    }

    const { broker, url } = await startInProcessBroker();
    const packets = new Journal<number>();
    broker.on('subscribe', ({ filters }) => packets.add(filters.length));
    await startServer(connectionTo(url, protocolVersion), { controllers: [Many] });
    expect(subscriptions(broker)).toHaveLength(1_200);
    expect(packets.size).toBeLessThanOrEqual(3);
  });
});

describe('subscribeOptions of 5.0, as the broker sees them', () => {
  it('No Local and Retain As Published', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [controllerWith({ method: { nl: true, rap: true } })] });
    expect(broker.clients[0]!.subscriptions).toMatchObject([{ filter: 't', nl: true, rap: true }]);
  });

  it('Retain Handling 2: retained messages are not sent', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.publish({ topic: 't', payload: 'retained', retain: true });
    const seen = new Journal<unknown>();
    await startServer(connectionTo(url), { controllers: [controllerWith({ method: { rh: 2 } }, seen)] });
    broker.publish({ topic: 't', payload: 'live' });
    expect(await seen.atLeast(1)).toEqual(['live']);
  });
});

describeEachBroker('subscribeOptions', (broker) => {
  it('prefix and group compose: each message to one member, and to who is in no group', async () => {
    const subscribeOptions = { prefix: 'site-7/', shared: 'workers', qos: 1 } as const;
    const dealt = new Journal<unknown>();
    const members = [new Journal<unknown>(), new Journal<unknown>()];
    for (const own of members) {
      const controllers = [controllerWith({}, dealt), controllerWith({}, own)];
      await startServer({ ...broker.connection, subscribeOptions }, { controllers });
    }
    const all = new Journal<unknown>();
    const controllers = [controllerWith({ method: { shared: false } }, all)];
    await startServer({ ...broker.connection, subscribeOptions }, { controllers });
    const device = await connectMqttJs(broker);
    const messages = Array.from({ length: 40 }, (_, i) => i);
    for (const message of messages) await device.publishAsync('site-7/t', String(message), { qos: 1 });
    expect(await all.atLeast(40)).toEqual(messages);
    expect((await dealt.atLeast(40)).toSorted((a, b) => Number(a) - Number(b))).toEqual(messages);
    for (const own of members) expect(own.size).toBeGreaterThan(0);
  });
});
