import { decisionOfException, SUCCESS, type Outcome } from '../acknowledgement/settle-by-policy.js';
import type { DropReason, Job } from '../concurrency/concurrency-gate.js';
import { MqttContext, type MessageControl } from '../context/mqtt.context.js';
import { PayloadDecodeError } from '../errors/payload-decode.error.js';
import { AckPolicy } from '../options/ack-policy.js';
import { ACK, NACK, type Settling } from '../protocol/delivery.js';
import type { TopicParams } from '../routing/topic-template.js';
import { isMasked, nestError } from '../serialization/error-object.js';
import { isNestReply, type NestEnvelope } from '../serialization/nest-envelope.js';
import { describeFailure } from './failure-description.js';
import type { HandlerRuntime } from './handler-runtime.js';
import { InvocationSignal } from './invocation-signal.js';
import { MessageFate } from './message-fate.js';
import { openResponder, replyTargetOf } from './open-responder.js';
import type { ReceivedMessage } from './received-message.js';
import type { Responder } from './responder.js';
import { ResultPublisher } from './result-publisher.js';
import { retryDelay } from './retry.js';
import { RunningHandler, type HandlerObserver } from './running-handler.js';
import type { ServerServices } from './server-services.js';

/** Nest's hooks take a promise; one for all saves one for each message. */
const STARTED = Promise.resolve();

/**
 * One handler running for one message, from the moment it has a worker until its message is decided about: decoding, the Nest
 * pipeline, retries, the results, the reply.
 */
export class Invocation implements Job, HandlerObserver, MessageControl {
  attempt = 0;
  /** QoS 0 messages may be dropped when too many wait. */
  readonly droppable: boolean;
  private readonly fate: MessageFate;
  private handler: RunningHandler | undefined;
  private context: MqttContext | undefined;
  private responder: Responder | undefined;
  private results: ResultPublisher | undefined;
  private outcome: Outcome | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closeStream: (() => void) | undefined;
  private abortSignal: InvocationSignal | undefined;
  private closing = false;

  constructor(
    private readonly message: ReceivedMessage,
    private readonly runtime: HandlerRuntime,
    private readonly params: TopicParams,
    settlement: Settling | undefined,
    private readonly services: ServerServices,
    /** Called once, when nothing is under way for the message any more, with whether it has been dealt with for good. */
    private readonly onReleased?: (final: boolean) => void,
  ) {
    this.droppable = settlement === undefined;
    this.fate = new MessageFate(message, runtime, settlement, services);
  }

  start(): void {
    this.services.running.add(this);
    if (this.runtime.options.ackPolicy === AckPolicy.ACK_FIRST) this.fate.decide(ACK);
    if (this.runtime.publishTo.length > 0) this.results = new ResultPublisher(this.runtime, this.params, this.services);
    this.run();
  }

  dropped(reason: DropReason): void {
    if (reason === 'overflow') this.services.overflow.dropped(this.message.topic);
  }

  /** The server closes: what runs may finish, but is told, and does not run again. */
  shutDown(): void {
    this.closing = true;
    this.abortSignal?.abort(new Error('The server is closing.'));
    if (!this.timer || this.handler) return;
    clearTimeout(this.timer); // of a retry: the message stays with the broker
    this.runtime.lane.finished();
    this.release();
  }

  // ---- one run of the handler

  private run(): void {
    this.attempt++;
    this.timer = undefined;
    const { message, runtime, services } = this;
    const { topic, payload, packet } = message;
    let data: unknown;
    let envelope: NestEnvelope | undefined;
    try {
      data = runtime.codec.decode(payload, { contentType: packet.properties?.contentType, topic });
      envelope = services.readEnvelope(data, topic);
    } catch (cause) {
      process.nextTick(() => this.undecodable(cause)); // a job never ends within start()
      return;
    }
    if (isNestReply(data, topic)) {
      process.nextTick(() => this.reflected());
      return;
    }
    this.openResponder(envelope?.id);
    this.call(envelope ? envelope.data : data);
  }

  private call(data: unknown): void {
    const { message, runtime, services, params } = this;
    const origin = { subscription: runtime.subscription, params, protocolVersion: services.protocolVersion };
    const context = (this.context = new MqttContext(message.topic, message.packet, origin, this));
    const handler = (this.handler = new RunningHandler(this));
    if (services.handlerTimeoutMs !== undefined)
      this.timer = setTimeout(() => this.timedOut(), services.handlerTimeoutMs);
    services.hooks.start(context, () => {
      try {
        handler.follow(runtime.callback(data, context));
      } catch (error) {
        this.failed(error);
      }
      return STARTED;
    });
  }

  private openResponder(envelopeId: string | undefined): void {
    if (this.responder) return; // a retry goes on answering the same request
    const target = replyTargetOf(this.message, this.runtime, envelopeId);
    if (!target) return;
    this.responder = openResponder(target, this.runtime, this.services, this);
  }

  private undecodable(cause: unknown): void {
    const { topic, packet } = this.message;
    this.openResponder(undefined);
    this.attempt = this.runtime.options.retry.attempts; // it will not decode any better next time
    this.failed(new PayloadDecodeError(topic, packet.properties?.contentType, { cause }), 'bad-request');
  }

  /** A handler with wildcards gets the replies to its callers too, where their format puts them below the request's topic. */
  private reflected(): void {
    this.finish(SUCCESS);
    this.replied();
  }

  private timedOut(): void {
    this.handler?.stop();
    this.failed(nestError(`The handler did not end within ${this.services.handlerTimeoutMs} ms.`), 'timeout');
  }

  /** The caller has unsubscribed. */
  private cancel(): void {
    if (this.outcome) return;
    this.handler?.stop();
    this.abortSignal?.abort(new Error('The caller has cancelled the request.'));
    this.finish(SUCCESS);
    this.responder?.abandon();
  }

  // ---- what the handler gives

  single(value: unknown): void {
    this.results?.publish(value);
    this.finish(SUCCESS);
    if (this.responder) this.responder.single(value);
    else this.replied();
  }

  next(value: unknown): void {
    this.results?.publish(value);
    if (!this.responder) return;
    const correlationData = this.message.packet.properties?.correlationData;
    if (correlationData) this.closeStream ??= this.services.streams.open(correlationData, () => this.cancel());
    this.responder.next(value);
  }

  ended(outcome: Outcome): void {
    if (outcome.failed) {
      this.failed(outcome.error);
      return;
    }
    this.finish(outcome);
    if (this.responder) this.responder.complete();
    else this.replied();
  }

  private failed(error: unknown, code?: string): void {
    const { retry, rejectReasonCode } = this.runtime.options;
    const exceptional = decisionOfException(error, rejectReasonCode) !== undefined;
    const again = !exceptional && !this.fate.decided && !this.closing && this.attempt < retry.attempts;
    if (again && !this.responder?.hasReplied) {
      this.endRun();
      this.timer = setTimeout(() => this.run(), retryDelay(retry, this.attempt));
      return;
    }
    // a caller is told; and Nest has logged what it has masked
    if (!exceptional && !this.responder && !isMasked(error)) this.logFailure(error);
    this.finish({ failed: true, error });
    const isOurs = exceptional || error instanceof PayloadDecodeError;
    if (this.responder) this.responder.fail(isOurs ? nestError(describeFailure(error)) : error, code);
    else this.replied();
  }

  // ---- after the last run

  private endRun(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.handler = undefined;
    if (this.context) this.services.hooks.end(this.context);
    this.context = undefined;
  }

  /** The outcome is known, and the worker free; reply and results may still be under way. */
  private finish(outcome: Outcome): void {
    this.endRun();
    this.outcome = outcome;
    this.closeStream?.();
    this.services.counters[outcome.failed ? 'failed' : 'succeeded']++;
    this.runtime.lane.finished();
  }

  /** The reply, if there was one to give, has been accepted. */
  replied(): void {
    if (this.results) this.results.whenSettled((failure) => this.conclude(failure && { failed: true, error: failure }));
    else this.conclude(undefined);
  }

  private conclude(failedResults: Outcome | undefined): void {
    const outcome = failedResults ?? this.outcome ?? SUCCESS;
    this.fate.conclude(outcome, this.attempt, this);
  }

  /** Nothing is under way for the message any more. */
  release(): void {
    this.abortSignal?.dispose();
    this.services.running.delete(this);
    this.onReleased?.(this.outcome !== undefined && !this.fate.withheld);
  }

  private logFailure(error: unknown): void {
    const { pattern } = this.runtime;
    this.services.logger.error(`Handler "${pattern}" failed on "${this.message.topic}": ${describeFailure(error)}`);
  }

  // ---- what the handler may do about its message

  ack(): void {
    this.fate.decide(ACK);
  }

  nack(): void {
    this.fate.decide(NACK);
  }

  reject(reasonCode = this.runtime.options.rejectReasonCode, reasonString?: string): void {
    this.fate.reject(reasonCode, reasonString, this.attempt);
  }

  get signal(): AbortSignal {
    this.abortSignal ??= new InvocationSignal(this.message.expiresAt);
    return this.abortSignal.signal;
  }
}
