import { beforeEach, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, MqttRecordBuilder, Payload } from '@nestjs/microservices';
import { context, propagation, trace, type Span } from '@opentelemetry/api';
import { firstValueFrom } from 'rxjs';
import { mqttTelemetry } from '../../../lib/otel/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { createBuiltInClient, startBuiltInServer } from '../../support/nest-built-in.js';
import { TestTelemetry } from '../../support/telemetry.js';

type Hook = (packet: { metadata?: Record<string, string> }) => void;

const NEST_12 = (globalThis as { NEST_MAJOR?: number }).NEST_MAJOR === 12;

const telemetry = TestTelemetry.register();
beforeEach(() => telemetry.spans.clear());

/** What an application with Nest's transport adds to its messages by itself. */
function traceContextOf(span: Span): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(context.active(), span), carrier);
  return carrier;
}

@Controller()
class Service {
  @MessagePattern('nest-traced/double')
  double(@Payload() value: number): number {
    return 2 * value;
  }

  @EventPattern<unknown>('nest-traced/event')
  event(@Payload() _value: unknown): void {}
}

describeEachBroker("traces with Nest's Transport.MQTT", (broker) => {
  if (NEST_12) {
    it('what its client puts into metadata is the parent here', async () => {
      await startServer({ ...broker.connection, observers: [mqttTelemetry()] }, { controllers: [Service] });
      const client = createBuiltInClient(broker.connection);
      const caller = trace.getTracer('test').startSpan('caller');
      const hook: Hook = (packet) => (packet.metadata = { ...packet.metadata, ...traceContextOf(caller) });
      (client as unknown as { setOnDispatchHook(hook: Hook): void }).setOnDispatchHook(hook);
      expect(await firstValueFrom(client.send('nest-traced/double', 21))).toBe(42);
      const processed = await telemetry.span('process nest-traced/double');
      expect(processed.parentSpanContext).toMatchObject({
        traceId: caller.spanContext().traceId,
        spanId: caller.spanContext().spanId,
      });
    });
  }

  if (broker.protocolVersion === 5) {
    it('what its client puts into User Properties is the parent here', async () => {
      await startServer({ ...broker.connection, observers: [mqttTelemetry()] }, { controllers: [Service] });
      const client = createBuiltInClient(broker.connection);
      const caller = trace.getTracer('test').startSpan('caller');
      const record = new MqttRecordBuilder(1).setProperties({ userProperties: traceContextOf(caller) }).build();
      await firstValueFrom(client.emit('nest-traced/event', record), { defaultValue: undefined });
      const processed = await telemetry.span('process nest-traced/event');
      expect(processed.parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
    });
  }

  it('its servers find our context in the metadata of the envelope, and answer as ever', async () => {
    await startBuiltInServer(broker.connection, { controllers: [Service] });
    const peer = await connectMqttJs(broker);
    const envelope = new Promise<{ metadata?: Record<string, string> }>((resolve) => {
      peer.once('message', (_topic, bytes) => resolve(JSON.parse(bytes.toString()) as never));
    });
    await peer.subscribeAsync('nest-traced/double');
    const client = createClient({ ...broker.connection, envelope: 'nest', observers: [mqttTelemetry()] });
    expect(await firstValueFrom(client.send('nest-traced/double', 21))).toBe(42);
    const span = await telemetry.span('publish');
    const { traceId, spanId } = span.spanContext();
    expect((await envelope).metadata?.['traceparent']).toBe(`00-${traceId}-${spanId}-01`);
  });
});
