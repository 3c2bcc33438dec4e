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
    return ignore !== undefined && this.decide(() => ignore({ topic, template, connection }));
  }

  /** The answer of a function of the application; false if it throws or returns a promise. */
  decide(question: () => boolean): boolean {
    const answer: unknown = this.attempt('a function in the options of mqttTelemetry()', question);
    return !(answer instanceof Promise) && Boolean(answer);
  }

  /** Calls a hook of the application for a span. */
  decorate<T>(hook: ((span: Span, subject: T) => void) | undefined, span: Span, subject: T): void {
    if (hook) this.attempt('a hook of mqttTelemetry()', () => hook(span, subject));
  }

  /** Calls code outside this package. Thrown errors and rejections go to OpenTelemetry's diagnostics. */
  attempt<T>(what: string, call: () => T): T | undefined {
    const failed = (error: unknown): void => diag.error(`${SCOPE}: ${what} threw: ${describeThrown(error)}`);
    try {
      const returned = call();
      if (returned instanceof Promise) returned.catch(failed);
      return returned;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }
}
