import { context, metrics, propagation, trace, type Attributes, type SpanContext } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type DataPoint,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { Journal } from './journal.js';

/** One series of a metric. */
export interface Series {
  readonly metric: MetricData;
  readonly attributes: Attributes;
  /** Of a counter its value, of a histogram how many values were recorded. */
  readonly count: number;
}

/** OpenTelemetry's SDK as an application registers it, with all that it exports kept here. */
export class TestTelemetry {
  readonly spans = new Journal<ReadableSpan>();
  private readonly exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  private readonly reader = new PeriodicExportingMetricReader({
    exporter: this.exporter,
    exportIntervalMillis: 3_600_000,
  });

  /** Registers it for the process, once. */
  static register(): TestTelemetry {
    const telemetry = new TestTelemetry();
    const exporter = {
      export: (spans: ReadableSpan[], done: (result: { code: number }) => void): void => {
        spans.forEach(telemetry.spans.add);
        done({ code: 0 });
      },
      shutdown: () => Promise.resolve(),
    };
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(propagators());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [telemetry.reader] }));
    return telemetry;
  }

  /** The span of that name, as soon as it has ended. */
  span(name: string): Promise<ReadableSpan> {
    return this.spans.first((span) => span.name === name);
  }

  /** All series that there are now, by the name of their metric. */
  async series(): Promise<Series[]> {
    this.exporter.reset();
    await this.reader.forceFlush();
    return this.exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics)
      .flatMap((metric) =>
        (metric.dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => ({
          metric,
          attributes,
          count: typeof value === 'number' ? value : value.count,
        })),
      );
  }
}

/** Those of an SDK that is not told otherwise. */
export function propagators(): CompositePropagator {
  return new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] });
}

/** Whether `span` is a child of `parent`, in its trace. */
export function isChild(span: ReadableSpan, parent: ReadableSpan): boolean {
  const { traceId, spanId }: SpanContext = parent.spanContext();
  return span.spanContext().traceId === traceId && span.parentSpanContext?.spanId === spanId;
}
