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
  /** Selects the format of a call. */
  readonly formatOf: (call: RequestCall) => RequestFormat;
  readonly requestTimeoutMs: number;
  readonly maxPendingRequests: number;
  readonly publishOptions: Readonly<PublishDefaults>;
  readonly offline: 'queue' | 'fail';
  /** Undefined if there are none. */
  readonly observers: Observers | undefined;
  /** Template of a topic, for observers. */
  readonly templateOf: (topic: string) => string | undefined;
  readonly logger: Logger;
}

/**
 * The requests of one client, each from `send()` to its end. A request is sent when there is a connection, its Response Topic is
 * subscribed and `maxPendingRequests` allows it. After its end it is removed from all collections.
 */
export class RequestTable implements RequestOwner {
  /** Number of replies without a pending request: late, duplicate, or with unknown Correlation Data. */
  lateReplies = 0;

  /** Pending requests, sent or not. */
  private readonly live = new Set<Request>();
  /** Sent requests, by the key of their reply. */
  private readonly awaited = new Map<RequestKey, Request>();
  /** Requests that wait because of `maxPendingRequests`, in order. */
  private readonly line = new Set<Request>();
  /** Response Topics that only one request at a time may use. */
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

  /** Number of pending requests. */
  get size(): number {
    return this.live.size;
  }

  /**
   * Starts a request. Its deadline starts now, and includes connecting, queueing, the handler and the reply.
   *
   * @returns the request. Unsubscribing from it cancels it, including a stream that is running on the server
   * @throws InvalidTopicError, InvalidOptionsError, FeatureNotSupportedError before it has any effect
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
   * Handles a message if its topic is a Response Topic of this client.
   *
   * @returns whether a request was waiting for it
   */
  receive(packet: PublishPacket): boolean {
    const format = this.parts.inbox.readerOf(packet.topic);
    return format !== undefined && format.receive(packet, this.awaited);
  }

  /** A reply without a pending request. */
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
    this.parts.logger.debug(
      `A reply on "${topic}" is late, a duplicate, or for no request of this client; it is dropped`,
    );
    this.streams.late(packet);
  }

  /** Ends all requests. */
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

  /** Sends the request at once if possible, which is usual; else when its turn comes. */
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
      this.timedOut(request); // an expired request is never sent
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

  /** @throws InvalidOptionsError when another pending request has this key */
  private await(request: Request): void {
    const key = request.key!;
    if (this.awaited.has(key)) {
      request.key = undefined; // the key belongs to the other request
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

  /** @internal called by the request itself, once. Releases what it held, so that waiting requests continue */
  ended(request: Request, answered: boolean, error: unknown): void {
    const { observed, key, namedTopic, waiting, acknowledgedAt, writtenAt } = request;
    this.live.delete(request);
    this.streams.ended(request, answered);
    if (waiting && this.parts.publisher.withdraw(waiting)) observed?.withdrawn(); // it is never sent
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
    this.admitting = true; // a request that fails at once ends within this loop
    for (const request of this.line) {
      if (this.awaited.size >= this.parts.maxPendingRequests) break;
      this.line.delete(request);
      this.write(request);
    }
    this.admitting = false;
  }

  /** A request that was never sent fails with the error of the connection. */
  private endAll(cause: Error | undefined): void {
    const { broker } = this.parts.connection;
    for (const request of [...this.live])
      request.fail(cause && !request.sent ? cause : requestCutShort(broker, request.topic, request.sent, cause));
  }
}
