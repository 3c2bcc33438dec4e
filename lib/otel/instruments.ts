import { metrics, type Attributes, type Counter, type Histogram, type Meter } from '@opentelemetry/api';
import { DURATION_BOUNDARIES, Metric, SCHEMA_URL } from './conventions.js';

/** Name of tracer and meter. */
export const SCOPE = 'nestjs-mqtt-transport';

/** The metrics of the messaging conventions. Created when the first value is recorded: a meter created before an SDK is registered records nothing. */
export class Instruments {
  private readonly meter: Meter = metrics.getMeter(SCOPE, undefined, { schemaUrl: SCHEMA_URL });
  private readonly operationDuration: Histogram = this.histogram(
    Metric.operationDuration,
    'Duration of messaging operation initiated by a producer or consumer client.',
  );
  private readonly processDuration: Histogram = this.histogram(
    Metric.processDuration,
    'Duration of processing operation.',
  );
  private readonly sentMessages: Counter = this.counter(
    Metric.sentMessages,
    'Number of messages producer attempted to send to the broker.',
  );
  private readonly consumedMessages: Counter = this.counter(
    Metric.consumedMessages,
    'Number of messages that were delivered to the application.',
  );

  operation(seconds: number, attributes: Attributes): void {
    this.operationDuration.record(seconds, attributes);
  }

  processed(seconds: number, attributes: Attributes): void {
    this.processDuration.record(seconds, attributes);
  }

  sent(attributes: Attributes): void {
    this.sentMessages.add(1, attributes);
  }

  consumed(attributes: Attributes): void {
    this.consumedMessages.add(1, attributes);
  }

  private histogram(name: string, description: string): Histogram {
    const advice = { explicitBucketBoundaries: DURATION_BOUNDARIES };
    return this.meter.createHistogram(name, { description, unit: 's', advice });
  }

  private counter(name: string, description: string): Counter {
    return this.meter.createCounter(name, { description, unit: '{message}' });
  }
}
