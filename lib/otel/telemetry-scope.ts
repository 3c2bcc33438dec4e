import { diag, trace, type Span, type Tracer } from '@opentelemetry/api';
import { describeThrown } from '../errors/describe-thrown.js';
import { SCHEMA_URL } from './conventions.js';
import { Instruments, SCOPE } from './instruments.js';
import type { MqttTelemetryOptions, MqttTraced } from './telemetry-options.js';

/** State shared by the spans of one observer. */
export class TelemetryScope {
  readonly tracer: Tracer = trace.getTracerProvider().getTracer(SCOPE, undefined, { schemaUrl: SCHEMA_URL });
  private made: Instruments | undefined;

  constructor(readonly options: MqttTelemetryOptions) {}

  get instruments(): Instruments {
    return (this.made ??= new Instruments());
  }

  isIgnored(topic: string, template: string | undefined, connection: MqttTraced['connection']): boolean {
    const { ignore } = this.options;
    return ignore !== undefined && this.ask(() => ignore({ topic, template, connection }), false);
  }

  /** Calls a function of the application, which may throw. */
  ask<T>(question: () => T, otherwise: T): T {
    try {
      return question();
    } catch (error) {
      diag.error(`${SCOPE}: a function in the options of mqttTelemetry() threw: ${describeThrown(error)}`);
      return otherwise;
    }
  }

  /** Calls a hook of the application for a span. */
  decorate<T>(hook: ((span: Span, subject: T) => void) | undefined, span: Span, subject: T): void {
    if (hook) this.ask(() => hook(span, subject), undefined);
  }
}
