import {
  decisionOfException,
  SUCCESS,
  type FailedOutcome,
  type Outcome,
} from '../../acknowledgement/settle-by-policy.js';
import { MqttContext, type MessageControl, type MessageOrigin } from '../../context/mqtt.context.js';
import { filterFailureFor, thrownFor } from '../../context/thrown-errors.js';
import { describeFailure, describeThrown } from '../../errors/describe-thrown.js';
import { describeReason, reasonOf, stackOf } from '../../errors/failure-reason.js';
import { PayloadDecodeError } from '../../errors/payload-decode.error.js';
import { AckPolicy } from '../../options/ack-policy.js';
import { makesDeadLetters } from '../../options/subscription-options.js';
import { ACK, LEAVE, type Settling } from '../../protocol/delivery.js';
import { handlerName } from '../../routing/handler-name.js';
import type { TopicParams } from '../../routing/topic-template.js';
import { decodeWith } from '../../serialization/checked-codec.js';
import { errorCodeOf, isMasked, nestError, clientErrorOf } from '../../serialization/error-object.js';
import { isNestReply, nestReplyTopic, type NestEnvelope } from '../../serialization/nest-envelope.js';
import { backoffDelay } from '../../timing/backoff.js';
import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import { awaitsDeadLetter } from '../dead-letters/give-up.js';
import { answer, answerFailure, type AnsweredRequest } from '../replying/answer.js';
import type { ReplyFormat } from '../replying/reply-format.js';
import { ReplyStream } from '../replying/reply-stream.js';
import { ResultPublisher } from '../replying/result-publisher.js';
import type { DropReason, Job } from '../concurrency/concurrency-gate.js';
import { failureLine } from './failure-line.js';
import { HandlerRun, type HandlerObserver } from './handler-run.js';
import type { InvocationHost } from './invocation-host.js';
import { InvocationSignal } from './invocation-signal.js';
import { MessageDecision } from './message-decision.js';
import { callStartHook, callEndHook } from './processing-hooks.js';
import type { Running } from '../concurrency/running-invocations.js';
import type { ServedHandler } from './served-handler.js';
import { tellDropped } from './tell-dropped.js';

/** Codes of failures that the transport detects. */
type FailureCode = 'bad-request' | 'timeout';

/** Half of a retry's delay is random. */
const RETRY_JITTER = 0.5;
/** A run is logged as unusually long after this time, if it takes `FAR_LONGER` times as long as the longest of at least `ENOUGH_PEERS` others. */
const LONG_SECONDS = 60;
const FAR_LONGER = 10;
const ENOUGH_PEERS = 10;

/**
 * One handler for one message, from the assignment of a worker until the message is settled: decoding, Nest's pipeline, retries, results
 * and the reply. Objects that only some messages need (stream, results, signal, timer) are created on demand.
 */
export class Invocation
  extends MessageDecision
  implements Job, Running, HandlerObserver, MessageOrigin, MessageControl, AnsweredRequest
{
  /** Topic of the reply; undefined for events, and for handlers that do not reply. */
  replyTopic: string | undefined = undefined;
  orderKey: string | undefined = undefined;
  before: Running | undefined = undefined;
  after: Running | undefined = undefined;
  listed = false;
  /** Value of the clock when it got its worker; see {@link RunningInvocations}. */
  private startedAt = 0;
  private envelope: NestEnvelope | undefined = undefined;
  private context: MqttContext | undefined = undefined;
  private current: HandlerRun | undefined = undefined;
  private outcome: Outcome | undefined = undefined;
  private stream: ReplyStream | undefined = undefined;
  private closeStream: (() => void) | undefined = undefined;
  private results: ResultPublisher | undefined = undefined;
  private timer: LongTimeout | undefined = undefined;
  private abortSignal: InvocationSignal | undefined = undefined;
  private closing = false;
  private workerFree = false;

  constructor(
    message: InboundMessage,
    handler: ServedHandler,
    params: TopicParams,
    settling: Settling,
    host: InvocationHost,
    /** Called once, when all work for the message is done; with undefined when it was cut short. */
    private readonly onReleased?: (outcome: Outcome | undefined) => void,
  ) {
    super(message, handler, params, settling, host);
    this.delivery?.received();
  }

  /** QoS 0 messages may be dropped when too many wait. */
  get droppable(): boolean {
    return this.message.qos === 0;
  }

  start(): void {
    const { handler, host } = this;
    this.startedAt = host.running.add(this);
    this.delivery?.started();
    if (handler.options.ackPolicy === AckPolicy.ACK_FIRST) this.decide(ACK);
    if (handler.publishTo.length > 0) this.results = new ResultPublisher(handler, this.params, host, this.delivery);
    this.run();
  }

  dropped(reason: DropReason): void {
    const { host, message, handler, delivery } = this;
    if (reason === 'overflow') host.overflow.dropped(message.topic);
    tellDropped(host.observers, reason, message, handler, delivery);
  }

  /** The server closes: a running handler may finish, its signal is aborted, and it is not retried. */
  shutDown(): void {
    this.closing = true;
    this.abortSignal?.abort(new Error('The server is closing.'));
    if (!this.timer || this.current) return;
    this.timer.clear(); // cancels a retry
    this.leave();
    this.freeWorker();
    this.release();
  }

  /** `gracefulTimeout` is over. Ends a stream; its message stays with the broker. */
  abandon(): void {
    if (this.outcome) return;
    if (this.stream) {
      this.decide(LEAVE);
      this.cancel();
    } else if (!this.decided) this.delivery?.left();
  }

  /** Logs, once for each handler, that a run takes far longer than others. */
  watch(clock: number): void {
    const { handler, host, message } = this;
    const seconds = clock - this.startedAt;
    const { endedRuns, longestRun, pattern } = handler;
    if (this.outcome || endedRuns < ENOUGH_PEERS || seconds < LONG_SECONDS || seconds < longestRun * FAR_LONGER) return;
    host.warnOnce(
      'long run',
      pattern,
      `Handler ${handlerName(handler)} has run for more than ${seconds} s for a message on "${message.topic}"; none of its other ` +
        `${endedRuns} runs took longer than ${longestRun + 5} s. The option handlerTimeout ends such runs.`,
    );
  }

  // ---- one run of the handler

  private run(): void {
    this.attempt++;
    this.timer = undefined;
    const { message, handler, host } = this;
    const { topic, payload, packet } = message;
    let data: unknown;
    let envelope: NestEnvelope | undefined;
    try {
      data = decodeWith(handler.codec, payload, { contentType: packet.properties?.contentType, topic });
      envelope = host.readEnvelope(data, topic);
    } catch (cause) {
      this.undecodable(cause);
      return;
    }
    if (isNestReply(data, topic)) {
      this.reflected();
      return;
    }
    this.envelope = envelope;
    this.replyTopic = this.whereToReply();
    this.call(envelope === undefined ? data : envelope.data);
  }

  private whereToReply(): string | undefined {
    const { handler, message, envelopeId } = this;
    const responseTopic = message.packet.properties?.responseTopic;
    if (handler.isEventHandler) {
      if (responseTopic !== undefined || envelopeId !== undefined)
        this.host.unansweredRequests.receivedBy(handler, message);
      return undefined;
    }
    if (handler.options.noReply) return undefined;
    return envelopeId === undefined ? (responseTopic ?? handler.options.responseTopic) : nestReplyTopic(message.topic);
  }

  private call(data: unknown): void {
    const { message, host } = this;
    const context = (this.context = new MqttContext(message.topic, message.packet, this, this));
    const run = (this.current = new HandlerRun(this));
    if (host.handlerTimeoutMs !== undefined) this.timer = setLongTimeout(() => this.timedOut(), host.handlerTimeoutMs);
    if (this.delivery === undefined) this.enter(run, data, context);
    else this.delivery.handle(() => this.enter(run, data, context));
  }

  private enter(run: HandlerRun, data: unknown, context: MqttContext): void {
    const { hooks, logger } = this.host;
    const { start } = hooks;
    if (start === undefined) this.process(run, data, context);
    else callStartHook(start, context, run, logger, () => this.process(run, data, context));
  }

  private process(run: HandlerRun, data: unknown, context: MqttContext): void {
    try {
      run.follow(this.handler.callback(data, context));
    } catch (error) {
      run.fail(error);
    }
  }

  private undecodable(cause: unknown): void {
    const { topic, packet } = this.message;
    this.replyTopic = this.whereToReply();
    tellDropped(this.host.observers, 'undecodable', this.message, this.handler, this.delivery);
    this.failed(new PayloadDecodeError(topic, packet.properties?.contentType, { cause }), 'bad-request');
  }

  /** With Nest's envelope, replies are sent below the topic of the request, so a handler with wildcards receives them too. */
  private reflected(): void {
    this.finish(SUCCESS);
    this.withoutReply();
  }

  private timedOut(): void {
    this.stopRun();
    this.failed(nestError(`The handler did not end within ${this.host.handlerTimeoutMs} ms.`), 'timeout');
  }

  /** The caller has unsubscribed. */
  private cancel(): void {
    if (this.outcome) return;
    this.stopRun();
    this.abortSignal?.abort(new Error('The caller has cancelled the request.'));
    this.finish(SUCCESS);
    if (this.stream) this.stream.abandon();
    else this.withoutReply();
  }

  private stopRun(): void {
    try {
      this.current?.stop();
    } catch (error) {
      const { handler, host } = this;
      host.logger.error(
        `The teardown of the observable that handler ${handlerName(handler)} returned threw: ${describeThrown(error)}`,
      );
    }
  }

  // ---- what the handler gives

  single(value: unknown): void {
    this.results?.publish(value);
    this.finish(SUCCESS);
    if (this.replyTopic === undefined) this.withoutReply();
    else answer(this, value);
  }

  next(value: unknown): void {
    this.results?.publish(value);
    if (this.replyTopic === undefined) return;
    this.stream ??= this.openStream(this.replyTopic);
    this.stream.next(value);
  }

  ended(outcome: Outcome): void {
    if (outcome.failed) {
      this.failed(outcome.error);
      return;
    }
    this.finish(outcome);
    if (this.stream) this.stream.complete();
    else if (this.replyTopic === undefined) this.withoutReply();
    else answer(this, undefined);
  }

  /** Cancelling requires Correlation Data, which only 5.0 has. */
  private openStream(replyTopic: string): ReplyStream {
    const { streams, protocolVersion } = this.host;
    const correlationData = this.message.packet.properties?.correlationData;
    if (correlationData) this.closeStream = streams.open(replyTopic, correlationData, () => this.cancel());
    const announced = this.envelopeId === undefined && protocolVersion === 5 && correlationData;
    return new ReplyStream(this, announced ? streams : undefined);
  }

  /** @param error the error after Nest's exception filters */
  private failed(error: unknown, code?: FailureCode): void {
    const { retry, rejectReasonCode } = this.handler.options;
    const thrown = thrownFor(this.context, error);
    const exceptional = decisionOfException(error, rejectReasonCode) !== undefined;
    const again = !exceptional && !this.decided && !this.closing && this.attempt < retry.attempts;
    if (again && !this.stream?.hasReplied && !this.isPermanent(thrown)) {
      this.endRun();
      this.runAgainAfter(thrown);
      return;
    }
    const isOurs = exceptional || error instanceof PayloadDecodeError;
    const told = isOurs ? nestError(describeFailure(error)) : this.errorForCaller(error, thrown);
    const outcome = { failed: true, error: exceptional ? error : told, thrown } as const;
    const filterFailure = filterFailureFor(this.context);
    if (!exceptional || filterFailure !== undefined) this.report(outcome, filterFailure);
    this.finish(outcome, code);
    if (this.stream) this.stream.fail(told, code);
    else if (this.replyTopic === undefined) this.withoutReply();
    else answerFailure(this, code ?? errorCodeOf(told), told);
  }

  /** The error for the caller. An `HttpException` below 500, which Nest masks, is sent as it is. */
  private errorForCaller(error: unknown, thrown: unknown): unknown {
    return isMasked(error) ? (clientErrorOf(thrown) ?? error) : error;
  }

  /** Whether the error is permanent. The application's function may throw. */
  private isPermanent(thrown: unknown): boolean {
    const { handler, host } = this;
    if (thrown instanceof PayloadDecodeError) return true;
    try {
      return handler.options.retry.permanent(thrown);
    } catch (error) {
      host.logger.error(
        `The option retry.permanent of handler ${handlerName(handler)} threw: ${describeThrown(error)}`,
      );
      return false;
    }
  }

  private runAgainAfter(thrown: unknown): void {
    const { handler, host, message, attempt } = this;
    const delayMs = this.retryDelay();
    this.timer = setLongTimeout(() => this.run(), delayMs);
    this.failing?.retried(thrown, delayMs);
    host.logger.debug(
      `Handler ${handlerName(handler)} failed on "${message.topic}" (attempt ${attempt} of ${handler.options.retry.attempts}): ` +
        `${describeReason(reasonOf(thrown))}. It runs again in ${Math.round(delayMs)} ms.`,
    );
  }

  private retryDelay(): number {
    const { delay, factor, maxDelay } = this.handler.options.retry;
    return backoffDelay({ initialDelay: delay, factor, maxDelay, jitter: RETRY_JITTER }, this.attempt);
  }

  // ---- after the last run

  private endRun(): void {
    this.timer?.clear();
    this.timer = undefined;
    this.current = undefined;
    const { end } = this.host.hooks;
    if (this.context && end) callEndHook(end, this.context, this.host.logger);
    this.context = undefined;
  }

  /** The outcome is known; reply and results may not be sent yet. */
  private finish(outcome: Outcome, code?: FailureCode): void {
    const { host, handler } = this;
    this.endRun();
    this.outcome = outcome;
    this.closeStream?.();
    host.counters[outcome.failed ? 'failed' : 'succeeded']++;
    handler.endedRuns++;
    const seconds = host.running.clock - this.startedAt;
    if (seconds > handler.longestRun) handler.longestRun = seconds;
    const delivery = outcome.failed ? this.failing : this.delivery;
    delivery?.handled(outcome, code);
  }

  private withoutReply(): void {
    this.answered(false);
    this.replied();
  }

  /** Releases the worker when the connection has accepted reply and results, so that handlers do not outpace a broker that reads slowly. */
  answered(held: boolean): void {
    if (!held && !this.results?.held && !this.awaitsLetter) this.freeWorker();
  }

  private freeWorker(): void {
    if (this.workerFree) return;
    this.workerFree = true;
    this.handler.lane.finished(this);
  }

  /** The reply, if any, has been accepted. */
  replied(): void {
    if (this.results) this.results.whenSettled((failure) => this.settle(failure && { failed: true, error: failure }));
    else this.settle(undefined);
  }

  private settle(failedResults: Outcome | undefined): void {
    if (!this.awaitsLetter) this.freeWorker();
    this.conclude(failedResults ?? this.outcome ?? SUCCESS);
  }

  /** With a store, a message that fails keeps its worker until its letter is safe: a slow store slows down, and does not fill the memory. */
  private get awaitsLetter(): boolean {
    return this.outcome?.failed === true && awaitsDeadLetter(this.handler, this.host);
  }

  protected override release(): void {
    this.freeWorker();
    this.abortSignal?.dispose();
    this.host.running.delete(this);
    this.delivery?.completed();
    this.onReleased?.(this.outcome);
  }

  /**
   * Logs the failure once for each message; not if its caller gets the reason, unless the message becomes a dead letter.
   *
   * @param filterFailure what the exception filter threw itself, which nobody else knows
   */
  private report(outcome: FailedOutcome, filterFailure: string | undefined): void {
    const callerKnows = this.replyTopic !== undefined && !isMasked(outcome.error);
    const keptOnly = !makesDeadLetters(this.handler.options) || this.decided;
    if (callerKnows && filterFailure === undefined && keptOnly) return;
    const line = failureLine(this, outcome, { callerKnows, filterFailure, fate: () => this.fateAfter(outcome) });
    this.host.logger.error(line, stackOf(outcome.thrown));
  }

  // ---- what others ask of it

  get envelopeId(): string | undefined {
    return this.envelope?.id;
  }

  get format(): ReplyFormat {
    const { replies } = this.handler;
    return this.envelopeId === undefined ? replies.plain : replies.envelope;
  }

  get subscription(): string {
    return this.handler.subscription;
  }

  get protocolVersion(): 4 | 5 {
    return this.host.protocolVersion;
  }

  get metadata(): Readonly<Record<string, string>> | undefined {
    return this.envelope?.metadata;
  }

  // ---- what the handler may do about its message

  ack(): void {
    this.decide(ACK);
  }

  nack(): void {
    this.withhold();
  }

  reject(reasonCode = this.handler.options.rejectReasonCode, reasonString?: string): void {
    this.refuse(reasonCode, reasonString);
  }

  get signal(): AbortSignal {
    this.abortSignal ??= new InvocationSignal(this.message.expiresAt);
    return this.abortSignal.signal;
  }
}
