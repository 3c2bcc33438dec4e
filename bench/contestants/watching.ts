import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { MqttObserver } from 'nestjs-mqtt-transport';
import { mqttMetrics } from 'nestjs-mqtt-transport/metrics';
import { mqttTelemetry } from 'nestjs-mqtt-transport/otel';
import { Registry } from 'prom-client';

/** Who watches: nobody, an observer that does nothing, metrics, or tracing, whose spans go nowhere. */
export type Watched = 'nobody' | 'no-op' | 'metrics' | 'tracing';

export function observersFor(watched: Watched): readonly MqttObserver[] {
  return WATCHING[watched]();
}

const WATCHING: Readonly<Record<Watched, () => readonly MqttObserver[]>> = {
  nobody: () => [],
  'no-op': () => [{ received: () => {}, handle: (_delivery, run) => run(), settled: () => {}, completed: () => {} }],
  metrics: () => [mqttMetrics({ registry: new Registry() })],
  tracing: () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(NOWHERE)] }));
    return [mqttTelemetry()];
  },
};

const NOWHERE: SpanExporter = {
  export: (_spans, done) => done({ code: ExportResultCode.SUCCESS }),
  shutdown: () => Promise.resolve(),
};
