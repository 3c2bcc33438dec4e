import { decisionOfException, decisionOfPolicy, SUCCESS, type Outcome } from '../acknowledgement/settle-by-policy.js';
import type { Settlement } from '../acknowledgement/settlement.js';
import type { Job } from '../concurrency/concurrency-gate.js';
import { MqttContext, type MessageControl } from '../context/mqtt.context.js';
import { PayloadDecodeError } from '../errors/payload-decode.error.js';
import { AckPolicy } from '../options/ack-policy.js';
import { ACK, NACK, type Decision } from '../protocol/delivery.js';
import type { TopicParams } from '../routing/topic-router.js';
import { isMasked, nestError } from '../serialization/error-object.js';
import { readNestEnvelope } from '../serialization/nest-envelope.js';
import { deadLetterOf } from './dead-letter.js';
import { describeFailure } from './failure-description.js';
import type { HandlerRuntime } from './handler-runtime.js';
import { openResponder, replyTargetOf } from './open-responder.js';
import type { ReceivedMessage } from './received-message.js';
import type { Responder } from './responder.js';
import { retryDelay } from './retry.js';
import { RunningHandler, type HandlerObserver } from './running-handler.js';
import type { ServerServices } from './server-services.js';
import { InvocationSignal } from './invocation-signal.js';

/**
 * One handler running for one message, from the moment it has a worker until its message is decided about: decoding, the Nest
 * pipeline, retries, the reply, the dead letter, the decision.
 */
export class Invocation implements Job, HandlerObserver, MessageControl {
  attempt = 0;
  private handler: RunningHandler | undefined;
  private responder: Responder | undefined;
  private context: MqttContext | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closeStream: (() => void) | undefined;
  private abortSignal: InvocationSignal | undefined;
  private decided = false;
  private outcome: Outcome | undefined;
  private closing = false;
  private letterUnderWay = false;

  constructor(
    private readonly message: ReceivedMessage,
    private readonly runtime: HandlerRuntime,
    private readonly params: TopicParams,
    private readonly settlement: Settlement | undefined,
    private readonly services: ServerServices,
  ) {}

  /** QoS 0 messages may be dropped when too many wait. */
  get droppable(): boolean {
    return this.settlement === undefined;
  }

  start(): void {
    this.services.running.add(this);
    if (this.runtime.options.ackPolicy === AckPolicy.ACK_FIRST) this.decide(ACK);
    this.run();
  }

  dropped(): void {
    if (!this.droppable) return; // never acknowledged: it stays with the broker
    this.services.counters.dropped++;
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
    let data: unknown;
    try {
      data = runtime.codec.decode(message.payload, {
        contentType: message.packet.properties?.contentType,
        topic: message.topic,
      });
    } catch (cause) {
      this.undecodable(cause);
      return;
    }
    const envelope = readNestEnvelope(data, message.topic, services.normalizePattern);
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
    services.hooks.start(context, async () => {
      try {
        handler.follow(runtime.callback(data, context));
      } catch (error) {
        this.ended({ failed: true, error });
      }
    });
  }

  private openResponder(envelopeId: string | undefined): void {
    if (this.responder) return; // a retry goes on answering the same request
    const { message, runtime, services } = this;
    const target = replyTargetOf(message, runtime, envelopeId);
    if (!target) return;
    this.responder = openResponder(target, runtime, services, () => this.conclude());
    if (target.correlationData) this.closeStream = services.streams.open(target.correlationData, () => this.cancel());
  }

  single(value: unknown): void {
    this.finish(SUCCESS);
    if (this.responder) this.responder.single(value);
    else this.conclude();
  }

  next(value: unknown): void {
    this.responder?.next(value);
  }

  ended(outcome: Outcome): void {
    if (!outcome.failed) {
      this.finish(outcome);
      if (this.responder) this.responder.complete();
      else this.conclude();
      return;
    }
    this.failed(outcome.error);
  }

  private undecodable(cause: unknown): void {
    const { topic, packet } = this.message;
    const error = new PayloadDecodeError(topic, packet.properties?.contentType, { cause });
    this.openResponder(undefined);
    this.attempt = this.runtime.options.retry.attempts; // it will not decode any better next time
    this.failed(error, 'bad-request');
  }

  private timedOut(): void {
    this.handler?.stop();
    const { handlerTimeoutMs } = this.services;
    this.failed(nestError(`The handler did not end within ${handlerTimeoutMs} ms.`), 'timeout');
  }

  /** The caller has unsubscribed. */
  private cancel(): void {
    if (this.outcome) return;
    this.handler?.stop();
    this.abortSignal?.abort(new Error('The caller has cancelled the request.'));
    this.finish(SUCCESS);
    this.responder?.abandon();
  }

  private failed(error: unknown, code?: string): void {
    const { retry, rejectReasonCode } = this.runtime.options;
    const exceptional = decisionOfException(error, rejectReasonCode);
    const again =
      !exceptional && !this.decided && !this.closing && this.attempt < retry.attempts && !this.responder?.hasReplied;
    if (again) {
      this.endRun();
      this.timer = setTimeout(() => this.run(), retryDelay(retry, this.attempt));
      return;
    }
    // a caller is told; and Nest has logged what it has masked
    if (!exceptional && !this.responder && !isMasked(error)) this.logFailure(error);
    this.finish({ failed: true, error });
    if (this.responder) this.responder.fail(exceptional ? nestError(describeFailure(error)) : errorOf(error), code);
    else this.conclude();
  }

  // ---- after the last run

  private endRun(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.handler = undefined;
    if (this.context) this.services.hooks.end(this.context);
    this.context = undefined;
  }

  /** The outcome is known, and the worker free; the reply may still be under way. */
  private finish(outcome: Outcome): void {
    this.endRun();
    this.outcome = outcome;
    this.closeStream?.();
    this.services.counters[outcome.failed ? 'failed' : 'succeeded']++;
    this.runtime.lane.finished();
  }

  /** The reply, if there was one to give, has been accepted: the message is decided about. */
  private conclude(): void {
    const outcome = this.outcome ?? SUCCESS;
    if (!this.decided) this.decideBy(outcome);
    if (!this.letterUnderWay) this.release();
  }

  private release(): void {
    this.abortSignal?.dispose();
    this.services.running.delete(this);
  }

  private decideBy(outcome: Outcome): void {
    const { options } = this.runtime;
    const exceptional = outcome.failed ? decisionOfException(outcome.error, options.rejectReasonCode) : undefined;
    const decision = exceptional ?? decisionOfPolicy(options, outcome);
    const givenUp = outcome.failed && (!exceptional || exceptional.kind === 'reject');
    if (givenUp && options.deadLetter !== undefined) this.giveUp(describeFailure(outcome.error));
    else if (decision) this.decide(decision);
    else this.leftUndecided(outcome);
  }

  /** MANUAL: who fails without deciding is not going to; who succeeds may still decide later. */
  private leftUndecided(outcome: Outcome): void {
    if (!this.settlement) return;
    const { pattern } = this.runtime;
    this.services.warnOnce(
      `manual ${pattern}`,
      `Handler "${pattern}" has AckPolicy.MANUAL and ended without ack(), nack() or reject(): its message on "${this.message.topic}" holds up all later acknowledgements. Decide in every branch.`,
    );
    if (outcome.failed) this.decide(NACK);
  }

  private giveUp(reason: string): void {
    this.decided = true;
    const { message, runtime, services, attempt } = this;
    const deadLetterTopic = runtime.options.deadLetter!;
    const letter = deadLetterOf(message, deadLetterTopic, {
      reason,
      attempts: attempt,
      protocolVersion: services.protocolVersion,
    });
    this.letterUnderWay = true;
    services.running.add(this);
    services.send(letter, (error) => {
      if (error)
        services.logger.error(
          `The message on "${message.topic}" stays with the broker: dead letter "${deadLetterTopic}" failed: ${error.message}`,
        );
      this.settlement?.decide(error ? NACK : ACK);
      this.letterUnderWay = false;
      if (this.outcome) this.release();
    });
  }

  private logFailure(error: unknown): void {
    this.services.logger.error(
      `Handler "${this.runtime.pattern}" failed on "${this.message.topic}": ${describeFailure(error)}`,
    );
  }

  private decide(decision: Decision): void {
    if (this.decided) return;
    this.decided = true;
    this.settlement?.decide(decision);
  }

  // ---- what the handler may do about its message

  ack(): void {
    this.decide(ACK);
  }

  nack(): void {
    this.decide(NACK);
  }

  reject(reasonCode = this.runtime.options.rejectReasonCode, reasonString?: string): void {
    if (this.decided) return;
    if (this.runtime.options.deadLetter === undefined) this.decide({ kind: 'reject', reasonCode, reasonString });
    else this.giveUp(reasonString ?? 'rejected');
  }

  get signal(): AbortSignal {
    this.abortSignal ??= new InvocationSignal(this.message.expiresAt);
    return this.abortSignal.signal;
  }
}

/** An Error that a filter passed on reaches the caller as the message it carries. */
function errorOf(error: unknown): unknown {
  return error instanceof PayloadDecodeError ? nestError(error.message) : error;
}
