import type { Logger } from '@nestjs/common';
import { NoMatchingSubscribersError } from '../../errors/no-matching-subscribers.error.js';
import { RequestCancelledError } from '../../errors/request-cancelled.error.js';
import { describeThrown } from '../../errors/describe-thrown.js';
import type { Observers } from '../../observing/observers.js';
import type { PublishDefaults } from '../../options/publish-options.js';
import type { OutgoingMessage, PublishPacket } from '../../protocol/application-message.js';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { Connection } from '../../wire/connection/connection.js';
import type { Publisher } from '../../wire/outbound/publisher.js';
import type { CorrelationData, RequestKey } from './correlation-data.js';
import { DelayedReplies } from './delayed-replies.js';
import type { Inbox } from './inbox.js';
import { ObservedRequest } from './observed-request.js';
import { Request, type RequestOwner } from './request.js';
import type { CallObserver, RequestCall } from './request-call.js';
import { duplicateCorrelation, noRoom, replyLost, requestCutShort, requestTimedOut } from './request-errors.js';
import type { RequestFormat } from '../formats/request-format.js';
import { ReservedTopics } from './reserved-topics.js';
import { StreamCancellation } from './stream-cancellation.js';

interface RequestTableParts {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly inbox: Inbox<RequestFormat>;
  readonly correlation: CorrelationData;
  /** The format that a call is made in. */
  readonly formatOf: (call: RequestCall) => RequestFormat;
  readonly requestTimeoutMs: number;
  readonly maxPendingRequests: number;
  readonly publishOptions: Readonly<PublishDefaults>;
  readonly offline: 'queue' | 'fail';
  /** Undefined where there are none. */
  readonly observers: Observers | undefined;
  /** Declared form of a topic, for observers. */
  readonly templateOf: (topic: string) => string | undefined;
  readonly logger: Logger;
}

/**
 * Requests of one client, each from `send()` to its end: it is written when there is a connection, an inbox and room, and ends in
 * one of the ways that it can, after which nothing of it is left here.
 */
export class RequestTable implements RequestOwner {
  /** Replies that nobody waits for: late, duplicate, or of unknown Correlation Data. */
  lateReplies = 0;

  /** Requests that have not ended, written or not. */
  private readonly live = new Set<Request>();
  /** Those of them that are written, by what a reply tells of its request. */
  private readonly awaited = new Map<RequestKey, Request>();
  /** Those that could be written if there were room, in the order in which they came. */
  private readonly line = new Set<Request>();
  /** Response Topics on which one request at a time can wait. */
  private readonly reserved = new ReservedTopics<Request>();
  private readonly streams: StreamCancellation;
  private readonly delayedReplies: DelayedReplies;
  private admitting = false;

  constructor(private readonly parts: RequestTableParts) {
    const { connection, publisher, correlation, logger } = parts;
    const { broker } = connection;
    this.streams = new StreamCancellation(publisher, correlation, logger);
    this.delayedReplies = new DelayedReplies(broker, logger);
    connection.on('session', ({ sessionPresent, first }) => {
      if (!sessionPresent && !first)
        for (const request of [...this.live]) if (request.sent) request.fail(replyLost(broker, request.topic));
    });
    connection.on('closed', (cause) => this.endAll(cause));
  }

  /** Requests that have not ended. */
  get size(): number {
    return this.live.size;
  }

  /**
   * Makes a request. Its deadline runs from now on, and covers connecting, queueing, the handler and the reply.
   *
   * @returns the request: who unsubscribes from it gives it up, and a running stream is cancelled where it runs
   * @throws InvalidTopicError, InvalidOptionsError, FeatureNotSupportedError before anything is done
   */
  start(call: RequestCall, observer: CallObserver): Request {
    const format = this.parts.formatOf(call);
    format.check(call);
    const request = new Request(call, call.options.timeout ?? this.parts.requestTimeoutMs, observer, this);
    this.live.add(request);
    if (this.parts.observers !== undefined) this.observe(request, this.parts.observers);
    try {
      if (call.options.signal) this.follow(call.options.signal, request);
      if (!request.ended) this.begin(request, format);
    } catch (error) {
      request.fail(error);
    }
    return request;
  }

  /**
   * Takes a message, if it came on a topic that this client has subscribed for replies.
   *
   * @returns whether a request was waiting for it
   */
  receive(packet: PublishPacket): boolean {
    const format = this.parts.inbox.readerOf(packet.topic);
    return format !== undefined && format.receive(packet, this.awaited);
  }

  /** A message that nobody waits for. */
  receiveLate(packet: PublishPacket): void {
    const { topic, qos, payload } = packet;
    this.lateReplies++;
    this.parts.observers?.dropped({
      reason: 'late-reply',
      topic,
      qos,
      size: payload.length,
      handler: undefined,
      delivery: undefined,
    });
    this.parts.logger.debug(`A reply on "${topic}" came late, twice, or for nobody here; it is dropped`);
    this.streams.late(packet);
  }

  /** Nobody waits any more. */
  close(): void {
    this.endAll(undefined);
  }

  // ---- from the call to the message

  private follow(signal: AbortSignal, request: Request): void {
    const abort = (): void => request.fail(new RequestCancelledError(request.topic, { cause: signal.reason }));
    if (signal.aborted) {
      abort();
      return;
    }
    request.onAbort = abort;
    signal.addEventListener('abort', abort, { once: true });
  }

  /** Writes at once what can be, which is the rule; the rest when its turn comes. */
  private begin(request: Request, format: RequestFormat): void {
    const { connection, inbox } = this.parts;
    const named = format.responseTopic(request.call);
    if (named !== undefined) {
      inbox.use(named);
      request.namedTopic = named;
    }
    const responseTopic = connection.connected && !format.exclusive ? inbox.topicFor(named) : undefined;
    if (responseTopic === undefined) void this.prepare(request, format);
    else this.writeWithRoom(request, responseTopic);
  }

  private async prepare(request: Request, format: RequestFormat): Promise<void> {
    const { connection, inbox, offline } = this.parts;
    try {
      if (offline === 'fail' && connection.offline)
        throw requestCutShort(connection.broker, request.topic, false, connection.lastError);
      await (offline === 'fail' ? connection.openAtOnce() : connection.open());
      if (request.ended) return;
      const responseTopic = await inbox.open(request.namedTopic, format);
      if (request.ended) return;
      if (format.exclusive) await this.reserved.take(responseTopic, request);
      if (!request.ended) this.writeWithRoom(request, responseTopic);
    } catch (error) {
      request.fail(error);
    }
  }

  private writeWithRoom(request: Request, responseTopic: string): void {
    request.responseTopic = responseTopic;
    if (this.line.size === 0 && this.awaited.size < this.parts.maxPendingRequests) this.write(request);
    else this.line.add(request);
  }

  private write(request: Request): void {
    const now = Date.now();
    if (now >= request.deadline) {
      this.timedOut(request); // a request whose time is up is never written
      return;
    }
    try {
      const { observed } = request;
      const message = this.compose(request, request.deadline - now, observed);
      this.await(request);
      request.writtenAt = now;
      request.waiting = this.parts.publisher.send(message, (error, reasonCode) => {
        observed?.published(error, reasonCode);
        if (error) request.fail(error);
        else if (reasonCode === ReasonCode.NO_MATCHING_SUBSCRIBERS)
          request.fail(new NoMatchingSubscribersError(request.topic));
        else if (message.qos > 0) request.acknowledgedAt = Date.now();
      });
    } catch (error) {
      request.fail(error);
    }
  }

  /** @throws InvalidOptionsError when another request with this key is still waiting */
  private await(request: Request): void {
    const key = request.key!;
    if (this.awaited.has(key)) {
      request.key = undefined; // it is the other one's
      throw duplicateCorrelation(request.topic);
    }
    this.awaited.set(key, request);
  }

  private compose(request: Request, remainingMs: number, observed: ObservedRequest | undefined): OutgoingMessage {
    const format = this.parts.formatOf(request.call);
    if (observed === undefined) return format.compose(request, remainingMs);
    const { publishOptions } = this.parts;
    const { qos = publishOptions.qos ?? 0, retain = publishOptions.retain ?? false } = request.call.options;
    return observed.publish({ qos, retain, enveloped: format.enveloped }, () => format.compose(request, remainingMs));
  }

  private observe(request: Request, observers: Observers): void {
    request.observed = new ObservedRequest(
      observers,
      request.topic,
      this.parts.templateOf(request.topic),
      request.timeoutMs,
    );
    request.observed.begin();
  }

  // ---- ends

  /** @internal called by the request itself */
  timedOut(request: Request): void {
    const { connection, maxPendingRequests } = this.parts;
    const { namedTopic } = request;
    const waitsForTurn = namedTopic !== undefined && this.reserved.isWaiting(namedTopic, request);
    if (connection.connected && this.line.has(request)) request.fail(noRoom(request, maxPendingRequests));
    else request.fail(requestTimedOut(request, connection, waitsForTurn));
  }

  /** @internal called by the request itself, once: whatever it waited for, and whoever waits for it, goes on */
  ended(request: Request, answered: boolean, error: unknown): void {
    const { observed, key, namedTopic, waiting, acknowledgedAt, writtenAt } = request;
    this.live.delete(request);
    this.streams.ended(request, answered);
    if (waiting && this.parts.publisher.withdraw(waiting)) observed?.withdrawn(); // it is never written
    if (key !== undefined && this.awaited.get(key) === request) this.awaited.delete(key);
    this.line.delete(request);
    if (namedTopic !== undefined) {
      this.reserved.leave(namedTopic, request);
      this.parts.inbox.release(namedTopic);
    }
    if (request.onAbort) this.unfollow(request, request.onAbort);
    if (acknowledgedAt > 0) this.delayedReplies.note(acknowledgedAt - writtenAt, Date.now() - acknowledgedAt);
    observed?.ended(answered, error);
    if (this.line.size > 0 && !this.admitting) this.admit();
  }

  /** @internal called by the request itself */
  observerThrew({ topic }: Request, error: unknown): void {
    this.parts.logger.error(`A subscriber of the request on "${topic}" threw: ${describeThrown(error)}`);
  }

  private unfollow({ call, topic }: Request, onAbort: () => void): void {
    try {
      call.options.signal!.removeEventListener('abort', onAbort);
    } catch (error) {
      this.parts.logger.error(`The signal of the request on "${topic}" threw: ${describeThrown(error)}`);
    }
  }

  private admit(): void {
    this.admitting = true; // one that fails as it begins ends within this loop
    for (const request of this.line) {
      if (this.awaited.size >= this.parts.maxPendingRequests) break;
      this.line.delete(request);
      this.write(request);
    }
    this.admitting = false;
  }

  /** What was never written did not come about for the reason that the connection did not. */
  private endAll(cause: Error | undefined): void {
    const { broker } = this.parts.connection;
    for (const request of [...this.live])
      request.fail(cause && !request.sent ? cause : requestCutShort(broker, request.topic, request.sent, cause));
  }
}
