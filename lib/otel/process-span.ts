import { HttpException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
} from '@opentelemetry/api';
import { AckMessage, NackMessage, RejectMessage } from '../acknowledgement/acknowledgement-exceptions.js';
import { describeFailure } from '../errors/describe-thrown.js';
import type {
  MqttDeadLetter,
  MqttDelivery,
  MqttHandled,
  MqttRetry,
  MqttSettlement,
} from '../observing/mqtt-delivery.js';
import { Attribute, MqttAttribute, MqttEvent, MqttEventAttribute } from './conventions.js';
import { handlerAttributes } from './handler-attributes.js';
import { extract } from './propagation.js';
import { conversationId } from './publish-span.js';
import type { TelemetryScope } from './telemetry-scope.js';

/** A handler with AckPolicy.MANUAL may never settle its message: after this time its span ends anyway. */
const UNDECIDED_MS = 60_000;

/**
 * The span of one handler for one message: from its first run until the last has ended, the message is settled and its reply is sent.
 * Retries, withheld acknowledgements and dead letters are span events.
 */
export class ProcessSpan {
  /** The context that the handler runs in. */
  readonly context: Context;
  private readonly span: Span;
  private readonly started = performance.now();
  private outcome: string | undefined;
  private failure: string | undefined;
  private settled = false;
  private completed = false;
  private over = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly scope: TelemetryScope,
    private readonly delivery: MqttDelivery,
  ) {
    const { spanName, span } = handlerAttributes(delivery);
    const attributes = { ...span };
    addMessage(attributes, delivery, scope.options.captureUserProperties);
    const { parent, links } = this.origin();
    this.span = scope.tracer.startSpan(spanName, { kind: SpanKind.CONSUMER, links, attributes }, parent);
    this.context = trace.setSpan(parent, this.span);
    scope.decorate(scope.options.hooks?.process, this.span, delivery);
  }

  run(handler: () => void): void {
    context.with(this.context, handler);
  }

  retried({ error, delayMs }: MqttRetry): void {
    this.span.addEvent(MqttEvent.retry, {
      [MqttEventAttribute.attempt]: this.delivery.attempt,
      [MqttEventAttribute.delayMs]: Math.round(delayMs),
      [MqttEventAttribute.reason]: describeFailure(error),
    });
  }

  handled({ failed, error, code }: MqttHandled): void {
    if (this.over) return;
    this.span.setAttribute(MqttAttribute.attempts, this.delivery.attempt);
    if (!failed) return;
    if (this.isExpected(error, code)) return;
    this.failure = code;
    this.span.setAttribute(Attribute.errorType, code!);
    this.span.setStatus({ code: SpanStatusCode.ERROR, message: describeFailure(error) });
    this.scope.attempt('an error of a handler', () => {
      if (error instanceof Error) this.span.recordException(error); // its getters may throw
    });
  }

  deadLettered({ topic, reason, error }: MqttDeadLetter): void {
    this.span.addEvent(MqttEvent.deadLetter, {
      ...(topic !== undefined && { [MqttEventAttribute.deadLetterTopic]: topic }),
      [MqttEventAttribute.reason]: reason,
      ...(error && { [Attribute.errorType]: error.name }),
    });
  }

  decided({ outcome, reasonCode }: MqttSettlement): void {
    if (this.over) return; // settled after the span has ended
    this.settled = true;
    this.outcome = outcome;
    this.span.setAttribute(MqttAttribute.outcome, outcome);
    if (reasonCode !== undefined) this.span.setAttribute(MqttAttribute.reasonCode, reasonCode);
    if (outcome === 'withheld' || outcome === 'left')
      this.span.addEvent(MqttEvent.withheld, { [MqttAttribute.outcome]: outcome });
    if (this.completed) this.end();
    // the server is closing and does not wait for the handler; the SDK may be shut down next
    else if (outcome === 'left') setImmediate(() => this.end());
  }

  replyExpired(): void {
    if (!this.over) this.span.addEvent(MqttEvent.replyExpired);
  }

  done(): void {
    if (this.over) return;
    this.completed = true;
    if (this.settled || this.delivery.qos === 0) this.end();
    else this.timer = setTimeout(() => this.end(), UNDECIDED_MS).unref();
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.span.end();
    const labels = { ...handlerAttributes(this.delivery).processed };
    if (this.outcome !== undefined) labels[MqttAttribute.outcome] = this.outcome;
    if (this.failure !== undefined) labels[Attribute.errorType] = this.failure;
    this.scope.instruments.processed((performance.now() - this.started) / 1_000, labels);
  }

  private isExpected(error: unknown, code: MqttHandled['code']): boolean {
    const { isExpected } = this.scope.options;
    return this.scope.decide(() => (isExpected ? isExpected(error, this.delivery) : isRegular(error, code)));
  }

  /** Parent and links of the span. */
  private origin(): { parent: Context; links: Link[] } {
    const { parent = 'message', trustIncoming = true } = this.scope.options;
    const incoming = this.scope.attempt('a propagator', () => extract(this.delivery)) ?? ROOT_CONTEXT;
    const creation = trace.getSpanContext(incoming);
    const links = creation ? [{ context: creation }] : [];
    const trusted =
      typeof trustIncoming === 'boolean' ? trustIncoming : this.scope.decide(() => trustIncoming(this.delivery));
    if (!trusted) return { parent: ROOT_CONTEXT, links };
    return parent === 'message' ? { parent: incoming, links: [] } : { parent: trace.deleteSpan(incoming), links };
  }
}

const REGULAR = [AckMessage, NackMessage, RejectMessage, RpcException];

function isRegular(error: unknown, code: MqttHandled['code']): boolean {
  return REGULAR.some((regular) => error instanceof regular) || (code === 'rpc' && isAnswer(error));
}

/** Errors that a handler throws on purpose, as a reply to the caller. */
function isAnswer(error: unknown): boolean {
  return error instanceof HttpException ? error.getStatus() < 500 : !(error instanceof Error);
}

/** Adds the attributes of the message. */
function addMessage(attributes: Attributes, delivery: MqttDelivery, captured: readonly string[] = []): void {
  const { packetId, correlationData, userProperties } = delivery;
  attributes[Attribute.destination] = delivery.topic;
  attributes[Attribute.bodySize] = delivery.payload.length;
  attributes[MqttAttribute.qos] = delivery.qos;
  attributes[MqttAttribute.retain] = delivery.retain;
  attributes[MqttAttribute.dup] = delivery.dup;
  if (packetId !== undefined) attributes[MqttAttribute.packetId] = packetId;
  if (correlationData) attributes[Attribute.conversationId] = conversationId(correlationData);
  for (const name of captured)
    if (Object.hasOwn(userProperties, name)) attributes[`${MqttAttribute.userProperty}.${name}`] = userProperties[name];
}
