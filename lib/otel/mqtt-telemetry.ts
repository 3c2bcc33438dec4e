import { context, type Context } from '@opentelemetry/api';
import type {
  MqttDeadLetter,
  MqttDelivery,
  MqttHandled,
  MqttRetry,
  MqttSettlement,
} from '../observing/mqtt-delivery.js';
import type { MqttDrop } from '../observing/mqtt-drop.js';
import type { MqttObservedRequest, MqttRequestEnd } from '../observing/mqtt-observed-request.js';
import type { MqttObserver } from '../observing/mqtt-observer.js';
import type { MqttPublication, MqttPublishEnd } from '../observing/mqtt-publication.js';
import { handlerAttributes } from './handler-attributes.js';
import { Kept } from './kept.js';
import { ProcessSpan } from './process-span.js';
import { beginPublish } from './publish-span.js';
import { beginRequest } from './request-span.js';
import { checkTelemetryOptions, type MqttTelemetryOptions } from './telemetry-options.js';
import { TelemetryScope } from './telemetry-scope.js';

/**
 * Traces and metrics according to OpenTelemetry's messaging conventions, for the SDK that the application has registered; without an SDK
 * it has no effect. One observer can serve all servers and clients.
 *
 * @example
 * ```ts
 * import { mqttTelemetry } from 'nestjs-mqtt-transport/otel';
 *
 * MqttModule.forRoot({ url: 'mqtt://localhost:1883', observers: [mqttTelemetry()] });
 * ```
 * @throws InvalidOptionsError that lists every problem
 */
export function mqttTelemetry(options: MqttTelemetryOptions = {}): MqttObserver {
  checkTelemetryOptions(options);
  return new MqttTelemetry(new TelemetryScope({ ...options }));
}

class MqttTelemetry implements MqttObserver {
  private readonly deliveries = new Kept<MqttDelivery, ProcessSpan>();
  private readonly requests = new Kept<MqttObservedRequest, Context>();
  private readonly ignored = new Kept<MqttDelivery, boolean>();

  constructor(private readonly scope: TelemetryScope) {}

  publish(publication: MqttPublication): ((end: MqttPublishEnd) => void) | undefined {
    const { topic, template, connection } = publication;
    if (this.scope.isIgnored(topic, template, connection)) return undefined;
    return beginPublish(this.scope, publication, this.parentOf(publication));
  }

  request(request: MqttObservedRequest): ((end: MqttRequestEnd) => void) | undefined {
    const { topic, template, connection } = request;
    if (this.scope.isIgnored(topic, template, connection)) return undefined;
    const begun = beginRequest(this.scope, request);
    this.requests.set(request, begun.context);
    return begun.end;
  }

  received(delivery: MqttDelivery): void {
    if (this.isIgnored(delivery)) return;
    this.scope.instruments.consumed(handlerAttributes(delivery).consumed);
  }

  handle(delivery: MqttDelivery, run: () => void): void {
    if (this.isIgnored(delivery)) run();
    else this.spanOf(delivery).run(run);
  }

  retried(delivery: MqttDelivery, retry: MqttRetry): void {
    this.deliveries.get(delivery)?.retried(retry);
  }

  handled(delivery: MqttDelivery, handled: MqttHandled): void {
    if (!this.isIgnored(delivery)) this.spanOf(delivery).handled(handled);
  }

  deadLettered(delivery: MqttDelivery, letter: MqttDeadLetter): void {
    this.deliveries.get(delivery)?.deadLettered(letter);
  }

  settled(delivery: MqttDelivery, settlement: MqttSettlement): void {
    if (!this.isIgnored(delivery)) this.spanOf(delivery).decided(settlement);
  }

  completed(delivery: MqttDelivery): void {
    this.deliveries.get(delivery)?.done();
  }

  dropped({ reason, delivery }: MqttDrop): void {
    if (reason === 'expired' && delivery) this.deliveries.get(delivery)?.replyExpired();
  }

  /** The parent of an outgoing message: the handler that sends it, at any later time, or its request. */
  private parentOf({ delivery, request }: MqttPublication): Context {
    const process = delivery && this.deliveries.get(delivery);
    return process?.context ?? (request && this.requests.get(request)) ?? context.active();
  }

  private spanOf(delivery: MqttDelivery): ProcessSpan {
    let span = this.deliveries.get(delivery);
    if (!span) this.deliveries.set(delivery, (span = new ProcessSpan(this.scope, delivery)));
    return span;
  }

  /** Called once for each message, since an `ignore` that samples may return different results. */
  private isIgnored(delivery: MqttDelivery): boolean {
    if (this.scope.options.ignore === undefined) return false;
    let ignored = this.ignored.get(delivery);
    if (ignored === undefined) {
      const { topic, handler, connection } = delivery;
      this.ignored.set(delivery, (ignored = this.scope.isIgnored(topic, handler.template, connection)));
    }
    return ignored;
  }
}
