import { context, SpanKind, SpanStatusCode, trace, type Attributes, type Context } from '@opentelemetry/api';
import type { MqttObservedRequest, MqttRequestEnd } from '../observing/mqtt-observed-request.js';
import { attributesOf, destinationOf, spanName } from './attributes.js';
import { Attribute, MqttAttribute } from './conventions.js';
import type { TelemetryScope } from './telemetry-scope.js';

const OPERATION = 'request';

/** A pending request: the context of its span, and a function to call with its result. */
interface BegunRequest {
  readonly context: Context;
  readonly end: (end: MqttRequestEnd) => void;
}

/** Starts the span of a request, from the call to its reply. The span of its message is a child. */
export function beginRequest(scope: TelemetryScope, request: MqttObservedRequest): BegunRequest {
  const { connection, topic, template } = request;
  const common = attributesOf(connection);
  const operation = { [Attribute.operationName]: OPERATION };
  const attributes = { ...common.span, ...operation, ...destinationOf(topic, template) };
  const parent = context.active();
  const span = scope.tracer.startSpan(spanName(OPERATION, template), { kind: SpanKind.CLIENT, attributes }, parent);
  scope.decorate(scope.options.hooks?.request, span, request);
  const started = performance.now();
  return {
    context: trace.setSpan(parent, span),
    end: ({ outcome, error }) => {
      const labels: Attributes = { ...common.metric, ...operation };
      if (template !== undefined) labels[Attribute.destinationTemplate] = template;
      span.setAttribute(MqttAttribute.outcome, outcome);
      if (outcome !== 'replied' && outcome !== 'cancelled') {
        labels[Attribute.errorType] = outcome;
        span.setAttribute(Attribute.errorType, outcome);
        span.setStatus({ code: SpanStatusCode.ERROR, message: error?.message ?? outcome });
      }
      span.end();
      scope.instruments.operation((performance.now() - started) / 1_000, labels);
    },
  };
}
