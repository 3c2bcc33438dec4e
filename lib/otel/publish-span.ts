import { SpanKind, SpanStatusCode, trace, type Attributes, type Context, type Span } from '@opentelemetry/api';
import type { MqttPublication, MqttPublishEnd } from '../observing/mqtt-publication.js';
import { attributesOf, destinationOf, spanName } from './attributes.js';
import { Attribute, MqttAttribute, OperationType } from './conventions.js';
import { inject } from './propagation.js';
import type { TelemetryScope } from './telemetry-scope.js';

/** Outcomes of messages that were sent to the broker, or may have been. */
const SENT: ReadonlySet<MqttPublishEnd['outcome']> = new Set([
  'written',
  'acknowledged',
  'refused',
  'timeout',
  'closed',
]);
const SUCCEEDED: ReadonlySet<MqttPublishEnd['outcome']> = new Set(['written', 'acknowledged', 'cancelled']);

/**
 * Starts the span of an outgoing message, and injects its context. The span ends with PUBACK or PUBCOMP.
 *
 * @param parent context of the handler or the request that sends it, or the active context
 * @returns a function to call with the result
 */
export function beginPublish(
  scope: TelemetryScope,
  publication: MqttPublication,
  parent: Context,
): (end: MqttPublishEnd) => void {
  const { connection, topic, template, kind, injectable } = publication;
  const common = attributesOf(connection);
  // the Response Topic of a reply is specific to its caller, so the span has the template of the handler
  const operation = {
    [Attribute.operationName]: kind === 'reply' ? 'reply' : 'publish',
    [Attribute.operationType]: OperationType.send,
  };
  const span = scope.tracer.startSpan(
    spanName(operation[Attribute.operationName], template),
    {
      kind: injectable ? SpanKind.PRODUCER : SpanKind.CLIENT,
      attributes: {
        ...common.span,
        ...operation,
        ...destinationOf(topic, template),
        ...messageOf(publication),
      },
    },
    parent,
  );
  scope.attempt('a propagator', () => inject(trace.setSpan(parent, span), publication));
  scope.decorate(scope.options.hooks?.publish, span, publication);
  const started = performance.now();
  return (end) => {
    const labels: Attributes = { ...common.metric, ...operation };
    if (template !== undefined) labels[Attribute.destinationTemplate] = template;
    if (!SUCCEEDED.has(end.outcome)) labels[Attribute.errorType] = end.outcome;
    finish(span, publication, end);
    scope.instruments.operation((performance.now() - started) / 1_000, labels);
    if (SENT.has(end.outcome)) scope.instruments.sent(labels);
  };
}

function messageOf({ qos, retain, kind, correlationData }: MqttPublication): Attributes {
  const attributes: Attributes = { [MqttAttribute.qos]: qos, [MqttAttribute.retain]: retain };
  if (kind === 'reply') attributes[Attribute.destinationTemporary] = true;
  if (correlationData) attributes[Attribute.conversationId] = conversationId(correlationData);
  return attributes;
}

/** Correlation Data as text if it is printable, else in hexadecimal digits. */
export function conversationId(correlationData: Buffer): string {
  const text = correlationData.toString('latin1');
  return /^[\x21-\x7e]*$/.test(text) ? text : correlationData.toString('hex');
}

function finish(span: Span, { size }: MqttPublication, { outcome, reasonCode, error }: MqttPublishEnd): void {
  span.setAttribute(MqttAttribute.outcome, outcome);
  if (size !== undefined) span.setAttribute(Attribute.bodySize, size);
  if (reasonCode !== undefined) span.setAttribute(MqttAttribute.reasonCode, reasonCode);
  if (!SUCCEEDED.has(outcome)) {
    span.setAttribute(Attribute.errorType, outcome);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error?.message ?? outcome });
  }
  span.end();
}
