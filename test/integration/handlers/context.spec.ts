import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MqttContext as NestMqttContext, Payload } from '@nestjs/microservices';
import { MqttContext, Topic, TopicParam, UserProperty } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';

function observe(pattern: string): { contexts: Journal<MqttContext>; controller: new () => object } {
  const contexts = new Journal<MqttContext>();

  @Controller()
  class Observer {
    @EventPattern<string>(pattern)
    handle(@Ctx() context: MqttContext): void {
      contexts.add(context);
    }
  }

  return { contexts, controller: Observer };
}

describeEachBroker('MqttContext', (broker) => {
  it('tells what the packet says', async () => {
    const { contexts, controller } = observe('context/{deviceId}/+/{channel}');
    await startServer({ ...broker.connection, subscribeOptions: { qos: 1 } }, { controllers: [controller] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('context/d7/x/2', 'on', { qos: 1 });
    const [context] = (await contexts.atLeast(1)) as [MqttContext];
    expect(context).toBeInstanceOf(MqttContext);
    expect(context).toBeInstanceOf(NestMqttContext);
    expect(context.getTopic()).toBe('context/d7/x/2');
    expect(context.getPacket()).toMatchObject({ cmd: 'publish', topic: 'context/d7/x/2', payload: Buffer.from('on') });
    expect(context).toMatchObject({
      subscription: 'context/+/+/+',
      params: { deviceId: 'd7', channel: '2' },
      qos: 1,
      retain: false,
      dup: false,
      protocolVersion: broker.protocolVersion,
      attempt: 1,
    });
    expect(context.signal.aborted).toBe(false);
  });

  it('has the properties of 5.0, and none on 3.1.1', async () => {
    const { contexts, controller } = observe('context/properties');
    await startServer(broker.connection, { controllers: [controller] });
    const device = await connectMqttJs(broker);
    const properties = {
      userProperties: { site: '7', tag: ['a', 'b'] },
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Buffer.from([1, 2]),
    };
    const version5 = broker.protocolVersion === 5;
    await device.publishAsync('context/properties', 'x', version5 ? { properties } : {});
    const [context] = await contexts.atLeast(1);
    const { userProperties, contentType, responseTopic, correlationData } = context!;
    expect({ ...userProperties }).toEqual(version5 ? properties.userProperties : {});
    expect({ contentType, responseTopic, correlationData }).toEqual(
      version5
        ? { contentType: 'text/plain', responseTopic: 'answers', correlationData: properties.correlationData }
        : { contentType: undefined, responseTopic: undefined, correlationData: undefined },
    );
  });

  it('parameter decorators give parts of it', async () => {
    const seen = new Journal<unknown[]>();

    @Controller()
    class Decorated {
      @EventPattern<string>('context/{deviceId}/channels/{channel}')
      handle(
        @TopicParam('deviceId') deviceId: string,
        @TopicParam() all: Record<string, string>,
        @Topic() topic: string,
        @UserProperty('site') site: string | undefined,
        @UserProperty() userProperties: object,
        @Payload() data: unknown,
      ): void {
        seen.add([deviceId, { ...all }, topic, site, { ...userProperties }, data]);
      }
    }

    await startServer(broker.connection, { controllers: [Decorated] });
    const device = await connectMqttJs(broker);
    const version5 = broker.protocolVersion === 5;
    const properties = version5 ? { properties: { userProperties: { site: 'north' } } } : {};
    await device.publishAsync('context/d7/channels/2', '1', properties);
    const site = version5 ? 'north' : undefined;
    expect(await seen.atLeast(1)).toEqual([
      ['d7', { deviceId: 'd7', channel: '2' }, 'context/d7/channels/2', site, version5 ? { site } : {}, 1],
    ]);
  });

  it('the signal aborts when the server closes', async () => {
    const { contexts, controller } = observe('context/signal');
    const begun = new Journal<MqttContext>();

    @Controller()
    class Held {
      @EventPattern('context/held')
      async handle(@Ctx() context: MqttContext): Promise<void> {
        begun.add(context);
        await once(context.signal, 'abort');
      }
    }

    const { app } = await startServer(broker.connection, { controllers: [controller, Held] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('context/signal', '');
    await device.publishAsync('context/held', '');
    const [context] = await begun.atLeast(1);
    await contexts.atLeast(1);
    await app.close();
    expect((context!.signal.reason as Error).message).toBe('The server is closing.');
  });
});
