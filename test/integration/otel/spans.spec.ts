import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { firstValueFrom, of } from 'rxjs';
import {
  AckPolicy,
  MessageExpiredError,
  MqttContext,
  MqttSubscription,
  NackMessage,
  PublishTo,
  type MqttObserver,
  type MqttSubscriptionOptions,
} from '../../../lib/index.js';
import { mqttTelemetry, type MqttTelemetryOptions } from '../../../lib/otel/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { isChild, propagators, TestTelemetry } from '../../support/telemetry.js';

const telemetry = TestTelemetry.register();
beforeEach(() => telemetry.spans.clear());

const DEVICES = 'traced/devices/{deviceId}/temperature';

const failing = (): never => {
  throw new Error('it always fails');
};

const rejecting = (() => Promise.reject(new Error('on purpose'))) as unknown as () => never;

const withheld = (): never => {
  throw new NackMessage();
};

/** Sends one message to a handler, and gives the span of its work. */
async function processed(
  broker: BrokerUnderTest,
  handler: (attempt: number) => unknown,
  options: MqttSubscriptionOptions = {},
  telemetryOptions?: MqttTelemetryOptions,
): Promise<ReadableSpan> {
  let attempt = 0;
  @Controller()
  class Devices {
    @MqttSubscription(options)
    @EventPattern<unknown>(DEVICES)
    temperature(@Payload() _celsius: unknown): unknown {
      return handler(++attempt);
    }
  }
  await startServer(
    { ...durable(broker.connection), observers: [mqttTelemetry(telemetryOptions)], subscribeOptions: { qos: 1 } },
    { controllers: [Devices] },
  );
  await createClient(broker.connection).publish('traced/devices/7/temperature', 21, { qos: 1 });
  return telemetry.span(`process ${DEVICES}`);
}

const eventsOf = ({ events }: ReadableSpan): string[] => events.map(({ name }) => name);

describeEachBroker('the span of a handler', (broker) => {
  it('names the declared topic, and says what is known of the message', async () => {
    const span = await processed(broker, () => undefined, { shared: 'workers' });
    const { hostname, port } = new URL(broker.url);
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).toEqual({
      'messaging.system': 'mqtt',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'traced/devices/7/temperature',
      'messaging.destination.template': DEVICES,
      'messaging.destination.subscription.name': '$share/workers/traced/devices/+/temperature',
      'messaging.consumer.group.name': 'workers',
      'messaging.client.id': expect.any(String),
      'messaging.message.body.size': 2,
      'messaging.mqtt.qos': 1,
      'messaging.mqtt.retain': false,
      'messaging.mqtt.dup': false,
      'messaging.mqtt.packet_id': expect.any(Number),
      'messaging.mqtt.attempts': 1,
      'messaging.mqtt.outcome': 'acked',
      'network.protocol.name': 'mqtt',
      'network.protocol.version': broker.protocolVersion === 5 ? '5.0' : '3.1.1',
      'server.address': hostname,
      'server.port': Number(port),
      'code.function.name': 'Devices.temperature',
    });
  });

  it.each<[string, (attempt: number) => unknown, MqttSubscriptionOptions, object, string[], SpanStatusCode]>([
    [
      'failing',
      failing,
      {},
      { 'messaging.mqtt.outcome': 'acked', 'error.type': 'internal' },
      ['exception'],
      SpanStatusCode.ERROR,
    ],
    [
      'retried',
      (attempt) => (attempt === 1 ? failing() : undefined),
      { retry: { attempts: 3, delay: 1, maxDelay: 1 } },
      { 'messaging.mqtt.outcome': 'acked', 'messaging.mqtt.attempts': 2 },
      ['messaging.mqtt.retry'],
      SpanStatusCode.UNSET,
    ],
    [
      'withheld',
      withheld,
      {},
      { 'messaging.mqtt.outcome': 'withheld' },
      ['messaging.mqtt.withheld'],
      SpanStatusCode.UNSET,
    ],
    [
      'dead-lettered',
      failing,
      { deadLetter: 'traced/dead' },
      { 'messaging.mqtt.outcome': 'dead-lettered', 'error.type': 'internal' },
      ['exception', 'messaging.mqtt.dead_letter'],
      SpanStatusCode.ERROR,
    ],
    [
      'rejected',
      failing,
      { ackPolicy: AckPolicy.REJECT_ON_ERROR, rejectReasonCode: 0x83 },
      { 'messaging.mqtt.outcome': 'rejected', 'messaging.mqtt.reason_code': 0x83 },
      ['exception'],
      SpanStatusCode.ERROR,
    ],
    [
      'answered with an error on purpose',
      () => {
        throw new RpcException('no such device');
      },
      {},
      { 'messaging.mqtt.outcome': 'acked' },
      [],
      SpanStatusCode.UNSET,
    ],
  ])('a message that is %s is known by it alone', async (_title, handler, options, attributes, events, status) => {
    const span = await processed(broker, handler, options);
    expect(span.attributes).toMatchObject(attributes);
    expect(eventsOf(span)).toEqual(events);
    expect(span.status.code).toBe(status);
  });

  it('is what is active in the handler, however it goes on, and the parent of what it publishes', async () => {
    const active: (string | undefined)[] = [];
    const note = (): void => void active.push(trace.getActiveSpan()?.spanContext().spanId);
    @Controller()
    class Rooms {
      @PublishTo('traced/averages/{room}')
      @EventPattern<unknown>('traced/rooms/{room}')
      async room(@Payload() _value: unknown): Promise<unknown> {
        note();
        await new Promise(setImmediate);
        note();
        return of(1, 2);
      }
    }
    await startServer({ ...broker.connection, observers: [mqttTelemetry()] }, { controllers: [Rooms] });
    await createClient(broker.connection).publish('traced/rooms/7', 1);
    const span = await telemetry.span('process traced/rooms/{room}');
    const { spanId } = span.spanContext();
    expect(active).toEqual([spanId, spanId]);
    const results = telemetry.spans.entries.filter(({ name }) => name === 'publish traced/averages/{room}');
    expect(results).toHaveLength(2);
    for (const result of results) expect(isChild(result, span)).toBe(true);
  });

  it('ends when a handler with AckPolicy.MANUAL decides, also after it has returned', async () => {
    let decide: (() => void) | undefined;
    @Controller()
    class Manual {
      @EventPattern<unknown>('traced/manual', { ackPolicy: AckPolicy.MANUAL })
      manual(@Payload() _value: unknown, @Ctx() mqtt: MqttContext): void {
        decide = () => mqtt.ack();
      }
    }
    await startServer(
      { ...broker.connection, observers: [mqttTelemetry()], subscribeOptions: { qos: 1 } },
      { controllers: [Manual] },
    );
    const client = createClient(broker.connection);
    await client.publish('traced/manual', 1, { qos: 1 });
    await new Promise(setImmediate);
    expect(telemetry.spans.size).toBe(0);
    decide!();
    expect((await telemetry.span('process traced/manual')).attributes['messaging.mqtt.outcome']).toBe('acked');
  });
});

describeEachBroker('what an application or its SDK does wrong', (broker) => {
  class Hostile extends Error {
    override get message(): string {
      return failing();
    }
    override get stack(): string {
      return failing();
    }
    get code(): string {
      return failing();
    }
  }
  const opaque = new Proxy(new Error(), { get: failing, getPrototypeOf: failing });

  it.each<[string, Error, string]>([
    ['whose getters throw', new Hostile(), 'internal'],
    ['that cannot be looked at', opaque, 'rpc'],
  ])('an error %s is an error of the span', async (_title, error, type) => {
    const span = await processed(broker, () => Promise.reject(error));
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    expect(span.attributes['error.type']).toBe(type);
  });

  it('an ignore that samples is asked once for a message: there is a whole span, or none', async () => {
    let asked = 0;
    const ignore = (): boolean => asked++ % 2 === 1;
    await processed(broker, () => undefined, {}, { ignore });
    await processed(broker, () => undefined, {}, { ignore: () => ignore() || ignore() });
    expect(telemetry.spans.entries.map(({ attributes }) => attributes['messaging.mqtt.attempts'])).toEqual([1]);
  });

  it('a message that another observer has frozen has its span', async () => {
    const freezing: MqttObserver = { received: (delivery) => void Object.freeze(delivery) };
    @Controller()
    class Frozen {
      @EventPattern<unknown>('traced/frozen', { qos: 1 })
      frozen(@Payload() _value: unknown): void {}
    }
    await startServer({ ...broker.connection, observers: [freezing, mqttTelemetry()] }, { controllers: [Frozen] });
    await createClient(broker.connection).publish('traced/frozen', 1, { qos: 1 });
    expect((await telemetry.span('process traced/frozen')).attributes['messaging.mqtt.outcome']).toBe('acked');
  });

  it('a propagator that throws: spans are made, and end', async () => {
    propagation.disable();
    propagation.setGlobalPropagator({ inject: failing, extract: failing, fields: () => [] });
    try {
      await processed(broker, () => undefined);
      const client = createClient({ ...broker.connection, observers: [mqttTelemetry()] });
      await client.publish('traced/elsewhere', 1, { qos: 1 });
      expect((await telemetry.span('publish')).attributes['messaging.mqtt.outcome']).toBe('acknowledged');
    } finally {
      propagation.disable();
      propagation.setGlobalPropagator(propagators());
    }
  });

  it('of a server that closes, what is undecided ends with it', async () => {
    @Controller()
    class Undecided {
      @EventPattern<unknown>('traced/hanging', { qos: 1 })
      hanging(@Payload() _value: unknown): Promise<never> {
        return new Promise(() => {});
      }
    }
    const { app } = await startServer(
      { ...durable(broker.connection), observers: [mqttTelemetry()], gracefulTimeout: 50 },
      { controllers: [Undecided] },
    );
    await createClient(broker.connection).publish('traced/hanging', 1, { qos: 1 });
    await app.close();
    const span = await telemetry.span('process traced/hanging');
    expect(span.attributes['messaging.mqtt.outcome']).toBe('left');
  });
});

describeEachBroker('one trace', (broker) => {
  @Controller()
  class Math {
    @MessagePattern('traced/math/{operation}')
    sum(@Payload() values: number[]): number {
      return values.reduce((sum, value) => sum + value, 0);
    }
  }

  it('goes from a request to its handler, and to the reply', async () => {
    const observers = [mqttTelemetry()];
    await startServer({ ...broker.connection, observers }, { controllers: [Math] });
    const client = createClient({ ...broker.connection, observers, topicTemplates: ['traced/math/{operation}'] });
    const root = trace.getTracer('test').startSpan('caller');
    const sum = context.with(trace.setSpan(context.active(), root), () =>
      firstValueFrom(client.send('traced/math/sum', [1, 2])),
    );
    expect(await sum).toBe(3);
    root.end();
    const [request, publish, process, reply, caller] = await Promise.all(
      ['request', 'publish', 'process', 'reply']
        .map((operation) => telemetry.span(`${operation} traced/math/{operation}`))
        .concat(telemetry.span('caller')),
    );
    expect(isChild(request!, caller!)).toBe(true);
    expect(isChild(publish!, request!)).toBe(true);
    expect(isChild(process!, publish!)).toBe(true);
    expect(isChild(reply!, process!)).toBe(true);
    expect([request!.kind, publish!.kind, process!.kind]).toEqual([
      SpanKind.CLIENT,
      SpanKind.PRODUCER,
      SpanKind.CONSUMER,
    ]);
  });

  it('a plain message on 3.1.1 has no place for it, and its payload is left alone', async () => {
    const peer = await connectMqttJs(broker);
    const payload = new Promise<string>((resolve) => {
      peer.once('message', (_topic, bytes) => resolve(bytes.toString()));
    });
    await peer.subscribeAsync('traced/plain');
    await createClient({ ...broker.connection, observers: [mqttTelemetry()] }).publish('traced/plain', { value: 1 });
    expect(await payload).toBe('{"value":1}');
    const span = await telemetry.span('publish');
    expect(span.kind).toBe(broker.protocolVersion === 5 ? SpanKind.PRODUCER : SpanKind.CLIENT);
  });
});

describe('a publish span', () => {
  afterEach(() => telemetry.spans.clear());

  describeEachBroker('by its end', (broker) => {
    it.each([0, 1, 2] as const)('at QoS %i it ends when the message does', async (qos) => {
      const client = createClient({
        ...broker.connection,
        observers: [mqttTelemetry()],
        topicTemplates: ['traced/{name}'],
      });
      await client.publish('traced/a', 'é', { qos });
      const span = await telemetry.span('publish traced/{name}');
      expect(span.attributes).toMatchObject({
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'traced/a',
        'messaging.destination.template': 'traced/{name}',
        'messaging.message.body.size': 2,
        'messaging.mqtt.qos': qos,
        'messaging.mqtt.outcome': qos === 0 ? 'written' : 'acknowledged',
      });
    });
  });

  it('of a message that has expired before there was a connection is an error of that name', async () => {
    const client = createClient({
      url: 'mqtt://127.0.0.1:1',
      observers: [mqttTelemetry()],
      maxQueuedMessages: 1,
      gracefulTimeout: 0,
    });
    const first = client.publish('traced/late', 1, { messageExpiryInterval: 1 });
    first.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const second = client.publish('traced/late', 2); // makes room
    second.catch(() => {});
    await expect(first).rejects.toThrow(MessageExpiredError);
    const span = await telemetry.span('publish');
    expect(span.attributes).toMatchObject({ 'messaging.mqtt.outcome': 'expired', 'error.type': 'expired' });
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
  });
});

describeEachBroker(
  'a trace context that comes with a message',
  (broker) => {
    const TRACE = '0af7651916cd43dd8448eb211c80319c';
    const SPAN = 'b7ad6b7169203331';
    const seen: (string | undefined)[] = [];

    @Controller()
    class Foreign {
      @EventPattern<unknown>('traced/foreign')
      foreign(@Payload() _value: unknown): void {
        seen.push(propagation.getActiveBaggage()?.getEntry('tenant')?.value);
      }
    }

    const received = async (options: MqttTelemetryOptions): Promise<ReadableSpan> => {
      seen.length = 0;
      await startServer({ ...broker.connection, observers: [mqttTelemetry(options)] }, { controllers: [Foreign] });
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('traced/foreign', '1', {
        properties: {
          userProperties: { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: 'tenant=a', 'device-id': ['7', '8'] },
        },
      });
      return telemetry.span('process traced/foreign');
    };
    const link = [expect.objectContaining({ context: expect.objectContaining({ traceId: TRACE, spanId: SPAN }) })];

    it("is the parent of the handler's span, with its baggage", async () => {
      const span = await received({});
      expect(span.spanContext().traceId).toBe(TRACE);
      expect(span.parentSpanContext?.spanId).toBe(SPAN);
      expect(span.links).toEqual([]);
      expect(seen).toEqual(['a']);
    });

    it("is a link with parent: 'link', with its baggage", async () => {
      const span = await received({ parent: 'link' });
      expect(span.spanContext().traceId).not.toBe(TRACE);
      expect(span.parentSpanContext).toBeUndefined();
      expect(span.links).toEqual(link);
      expect(seen).toEqual(['a']);
    });

    it.each<[string, MqttTelemetryOptions]>([
      ['at all', { trustIncoming: false }],
      ['of this topic', { trustIncoming: ({ topic }) => topic !== 'traced/foreign' }],
      ['because that cannot be said', { trustIncoming: failing }],
      ['because that is said too late', { trustIncoming: (() => Promise.resolve(true)) as unknown as () => boolean }],
      ['because that is never said', { trustIncoming: rejecting }],
    ])('that is not trusted, %s, is a link only, without baggage', async (_title, options) => {
      const span = await received(options);
      expect(span.spanContext().traceId).not.toBe(TRACE);
      expect(span.links).toEqual(link);
      expect(seen).toEqual([undefined]);
    });

    it('User Properties become attributes where they are asked for', async () => {
      const span = await received({ captureUserProperties: ['device-id', 'absent'] });
      expect(span.attributes['messaging.mqtt.user_property.device-id']).toEqual(['7', '8']);
      expect(Object.keys(span.attributes)).not.toContain('messaging.mqtt.user_property.absent');
    });

    it('a request whose time is up before it is answered is known by the span of its handler', async () => {
      @Controller()
      class Slow {
        @MessagePattern('traced/slow')
        slow(@Payload() _value: unknown, @Ctx() { signal }: MqttContext): Promise<string> {
          return new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve('late'));
          });
        }
      }
      await startServer({ ...broker.connection, observers: [mqttTelemetry()] }, { controllers: [Slow] });
      const client = createClient({ ...broker.connection, observers: [mqttTelemetry()] });
      const call = client.request('traced/slow', 1, { timeout: 1_000 });
      await expect(call).rejects.toThrow('1000 ms');
      expect(eventsOf(await telemetry.span('process traced/slow'))).toEqual(['messaging.mqtt.reply_expired']);
      const request = await telemetry.span('request');
      expect(request.attributes).toMatchObject({ 'messaging.mqtt.outcome': 'timeout', 'error.type': 'timeout' });
    });

    it('hooks add to spans, and one that throws changes nothing', async () => {
      const span = await received({
        hooks: {
          process: (begun, { handler }) => {
            begun.setAttribute('own', handler.pattern);
            failing();
          },
        },
      });
      expect(span.attributes['own']).toBe('traced/foreign');
    });

    it('a hook that returns a promise, which is rejected, changes nothing either', async () => {
      const span = await received({ hooks: { process: rejecting } });
      expect(span.parentSpanContext?.spanId).toBe(SPAN);
    });
  },
  { versions: [5] },
);
