import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { lastValueFrom } from 'rxjs';
import { ClientMqtt } from '../../../../lib/index.js';
import { mqttTelemetry } from '../../../../lib/otel/index.js';
import { TestTelemetry } from '../../../support/telemetry.js';
import type { TestConnection } from '../../../support/test-broker.js';
import { report, serve, workerParameters } from '../../../support/worker-main.js';

/** One of three services: an HTTP server that calls an RPC server, which publishes an event, for which there is a worker. */
export interface TracedServiceParameters {
  readonly connection: TestConnection;
  readonly role: 'http' | 'rpc' | 'events';
}

/** What a service tells: where it listens, and the spans that it exports. */
export type TracedServiceReport =
  | { readonly port: number }
  | { readonly name: string; readonly traceId: string; readonly spanId: string; readonly parent: string | undefined };

const telemetry = TestTelemetry.register();
const exported = telemetry.spans.add;
Object.assign(telemetry.spans, {
  add: (span: Parameters<typeof exported>[0]) => {
    const { traceId, spanId } = span.spanContext();
    report({ name: span.name, traceId, spanId, parent: span.parentSpanContext?.spanId } satisfies TracedServiceReport);
  },
});

const { connection, role } = workerParameters<TracedServiceParameters>();
const observers = [mqttTelemetry()];
const client = new ClientMqtt({
  ...connection,
  observers,
  envelope: 'nest',
  topicTemplates: ['traced/orders', 'traced/shipments'],
});

@Controller()
class Rpc {
  @MessagePattern('traced/orders')
  async order(@Payload() order: number): Promise<string> {
    await lastValueFrom(client.emit('traced/shipments', order), { defaultValue: undefined });
    return `order ${order}`;
  }
}

@Controller()
class Events {
  @EventPattern('traced/shipments')
  shipment(@Payload() _order: number): void {}
}

@Controller()
class Nothing {}

/** As the instrumentation of HTTP does it. */
function listenForHttp(): void {
  const server = createServer((request, response) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers);
    const span = trace.getTracer('http').startSpan('GET /orders', { kind: SpanKind.SERVER }, parent);
    void context.with(trace.setSpan(parent, span), async () => {
      const answer = await lastValueFrom(client.send<string>('traced/orders', 7));
      span.end();
      response.end(answer);
    });
  });
  server.listen(0, () => report({ port: (server.address() as AddressInfo).port } satisfies TracedServiceReport));
}

if (role === 'http') listenForHttp();
const controllers = [{ http: Nothing, rpc: Rpc, events: Events }[role]];
await serve({ ...connection, observers }, { controllers });
