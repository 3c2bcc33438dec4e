import type { Logger } from '@nestjs/common';
import { BackpressureError } from '../errors/backpressure.error.js';
import { NoMatchingSubscribersError } from '../errors/no-matching-subscribers.error.js';
import { RequestCancelledError } from '../errors/request-cancelled.error.js';
import { RequestTimeoutError } from '../errors/request-timeout.error.js';
import type { PublishPacket } from '../protocol/application-message.js';
import { ReasonCode } from '../protocol/reason-code.js';
import type { Connection } from '../wire/connection.js';
import type { Publisher } from '../wire/publisher.js';
import type { ClientCounters } from './client-counters.js';
import { DelayedReplies } from './delayed-replies.js';
import type { Inbox } from './inbox.js';
import { PendingRequest, type CallObserver, type RequestKeeper } from './pending-request.js';
import type { PendingRequests } from './pending-requests.js';
import { duplicateCorrelation, replyLost, requestCutShort } from './request-errors.js';
import type { RequestCall, RequestFormat } from './request-format.js';
import { StreamCancellation } from './stream-cancellation.js';
import { Turns } from './turns.js';

interface RequestParts {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly inbox: Inbox;
  readonly pending: PendingRequests;
  /** The format that a call is made in. */
  readonly formatOf: (call: RequestCall) => RequestFormat;
  readonly requestTimeoutMs: number;
  readonly offline: 'queue' | 'fail';
  readonly counters: ClientCounters;
  readonly logger: Logger;
}

/** Requests of one client: each is written when there is a connection, an inbox and room, and ends in one of the ways that it can. */
export class Requests implements RequestKeeper {
  /** Requests that have not ended, written or not. */
  private readonly live = new Set<PendingRequest>();
  private readonly turns = new Turns<PendingRequest>();
  /** Formats by the Response Topics that they listen on. */
  private readonly readers = new Map<string, RequestFormat>();
  private readonly delayedReplies = new DelayedReplies();
  private readonly streams: StreamCancellation;

  constructor(private readonly parts: RequestParts) {
    const { connection } = parts;
    const { broker } = connection;
    this.streams = new StreamCancellation(parts.publisher, parts.logger);
    connection.on('session', ({ sessionPresent, first }) => {
      if (!sessionPresent && !first)
        this.failAll(
          ({ written }) => written,
          ({ topic }) => replyLost(broker, topic),
        );
    });
    connection.on('closed', (cause) =>
      this.failAll(
        () => true,
        // what was never written did not come about for the reason that the connection did not
        ({ topic, written }) => (cause && !written ? cause : requestCutShort(broker, topic, written, cause)),
      ),
    );
  }

  /** Requests that have not ended. */
  get size(): number {
    return this.live.size;
  }

  /**
   * Makes a request. Its deadline runs from now on, and covers connecting, queueing, the handler and the reply.
   *
   * @returns a function that gives it up: the waiter is freed, and a running stream is cancelled where it runs
   */
  start(call: RequestCall, observer: CallObserver): () => void {
    const { topic, options } = call;
    const request = new PendingRequest(topic, options.timeout ?? this.parts.requestTimeoutMs, observer, this);
    request.codec = options.codec;
    this.live.add(request);
    try {
      if (options.signal) this.obey(options.signal, request);
      if (!request.ended) this.begin(request, call);
    } catch (error) {
      request.fail(error);
    }
    return () => this.cancel(request);
  }

  /**
   * Takes a message on a topic that this client has subscribed for replies.
   *
   * @returns whether a request was waiting for it
   */
  receive(topic: string, payload: Buffer, packet: PublishPacket): boolean {
    return this.readers.get(topic)?.receive(topic, payload, packet) ?? false;
  }

  /** Nothing more is going to come on that topic. */
  forget(topic: string): void {
    this.readers.delete(topic);
  }

  /** A message that nobody waits for. */
  receiveLate(topic: string, packet: PublishPacket): void {
    const { counters, logger } = this.parts;
    counters.lateReplies++;
    logger.debug(`A reply on "${topic}" came late, twice, or for nobody here; it is dropped`);
    this.streams.cancelBy(packet);
  }

  /** Writes at once what can be, which is the rule; the rest when its turn comes. */
  private begin(request: PendingRequest, call: RequestCall): void {
    const { connection, inbox, formatOf } = this.parts;
    const format = formatOf(call);
    format.check(call);
    const named = format.responseTopic(call);
    if (named !== undefined) this.use(named, request);
    const responseTopic = connection.connected && !format.exclusive ? inbox.topicFor(named) : undefined;
    if (responseTopic === undefined) void this.prepare(request, call, format, named);
    else this.writeWithRoom(request, call, format, responseTopic);
  }

  /** A topic that is not the client's own is listened to for as long as somebody waits for a reply there, and a while longer. */
  private use(named: string, request: PendingRequest): void {
    const { inbox } = this.parts;
    inbox.use(named);
    request.onEnd(() => inbox.release(named));
  }

  private async prepare(
    request: PendingRequest,
    call: RequestCall,
    format: RequestFormat,
    named: string | undefined,
  ): Promise<void> {
    const { connection, inbox, offline } = this.parts;
    try {
      if (offline === 'fail' && connection.offline)
        throw requestCutShort(connection.broker, call.topic, false, connection.lastError);
      await connection.open();
      if (request.ended) return;
      const responseTopic = await inbox.open(named, (topic) => this.readers.set(topic, format));
      if (format.exclusive && !request.ended) await this.turn(responseTopic, request);
      if (!request.ended) this.writeWithRoom(request, call, format, responseTopic);
    } catch (error) {
      request.fail(error);
    }
  }

  private turn(responseTopic: string, request: PendingRequest): Promise<void> {
    request.onEnd(() => this.turns.leave(responseTopic, request));
    return this.turns.take(responseTopic, request);
  }

  private writeWithRoom(
    request: PendingRequest,
    call: RequestCall,
    format: RequestFormat,
    responseTopic: string,
  ): void {
    const { pending } = this.parts;
    if (pending.hasRoom) this.write(request, call, format, responseTopic);
    else pending.wait(request, () => this.write(request, call, format, responseTopic));
  }

  private write(request: PendingRequest, call: RequestCall, format: RequestFormat, responseTopic: string): void {
    const { publisher, pending } = this.parts;
    const { topic } = call;
    const remainingMs = request.deadline - Date.now();
    if (remainingMs <= 0) {
      this.timedOut(request); // a request whose time is up is never written
      return;
    }
    try {
      const { key, message } = format.compose(call, responseTopic, remainingMs);
      request.correlationData = message.properties?.correlationData;
      if (!pending.open(key, request)) throw duplicateCorrelation(topic);
      request.written = true;
      request.writtenAt = Date.now();
      const settled = (error: Error | undefined, reasonCode: number): void => {
        if (error) request.fail(error);
        else if (reasonCode === ReasonCode.NO_MATCHING_SUBSCRIBERS) request.fail(new NoMatchingSubscribersError(topic));
        else if (message.qos > 0) request.acknowledgedAt = Date.now();
      };
      publisher.send(message, settled, request); // which is never written when its time was up before that
    } catch (error) {
      request.fail(error);
    }
  }

  /** @internal called by the request itself */
  timedOut(request: PendingRequest): void {
    const { topic, timeoutMs } = request;
    const { pending } = this.parts;
    if (pending.isWaiting(request)) {
      const what = `No room for the request on "${topic}" within ${timeoutMs} ms`;
      request.fail(new BackpressureError('maxPendingRequests', pending.bound, what));
      return;
    }
    this.streams.cancel(request);
    request.fail(new RequestTimeoutError(topic, timeoutMs));
  }

  private cancel(request: PendingRequest): void {
    if (request.ended) return;
    this.streams.cancel(request);
    request.abandon();
  }

  private obey(signal: AbortSignal, request: PendingRequest): void {
    const abort = (): void => {
      this.streams.cancel(request);
      request.fail(new RequestCancelledError(request.topic, { cause: signal.reason }));
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    request.onEnd(() => signal.removeEventListener('abort', abort));
  }

  /** @internal called by the request itself, once */
  ended(request: PendingRequest): void {
    this.live.delete(request);
    this.parts.pending.close(request);
    if (request.acknowledgedAt > 0) this.noteDelay(request);
  }

  private noteDelay({ writtenAt, acknowledgedAt }: PendingRequest): void {
    if (!this.delayedReplies.note(acknowledgedAt - writtenAt, Date.now() - acknowledgedAt)) return;
    const { connection, logger } = this.parts;
    logger.warn(
      `Replies over ${connection.broker} come 40 ms late, call after call: it seems to hold back small packets until TCP has acknowledged the ones before (Nagle's algorithm). Have the broker set TCP_NODELAY (Mosquitto: set_tcp_nodelay true), or send requests at QoS 0.`,
    );
  }

  private failAll(which: (request: PendingRequest) => boolean, errorOf: (request: PendingRequest) => Error): void {
    for (const request of [...this.live]) if (which(request)) request.fail(errorOf(request));
  }
}
