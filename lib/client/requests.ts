import type { Logger } from '@nestjs/common';
import { BackpressureError } from '../errors/backpressure.error.js';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { NoMatchingSubscribersError } from '../errors/no-matching-subscribers.error.js';
import { RequestCancelledError } from '../errors/request-cancelled.error.js';
import { RequestTimeoutError } from '../errors/request-timeout.error.js';
import type { PublishPacket } from '../protocol/application-message.js';
import { ReasonCode } from '../protocol/reason-code.js';
import { NestProperty, nestProperty } from '../serialization/wire-contract.js';
import type { Connection } from '../wire/connection.js';
import type { Publisher } from '../wire/publisher.js';
import type { ClientCounters } from './client-counters.js';
import { DelayedReplies } from './delayed-replies.js';
import type { Inbox } from './inbox.js';
import { PendingRequest, type CallObserver } from './pending-request.js';
import type { PendingRequests } from './pending-requests.js';
import type { RequestCall, RequestFormat } from './request-format.js';
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

const EMPTY = Buffer.alloc(0);

/** Requests of one client: each is written when there is a connection, an inbox and room, and ends in one of the ways that it can. */
export class Requests {
  /** Requests that have not ended, written or not. */
  private readonly live = new Set<PendingRequest>();
  private readonly turns = new Turns<PendingRequest>();
  /** Formats by the Response Topics that they listen on. */
  private readonly readers = new Map<string, RequestFormat>();
  private readonly delayedReplies = new DelayedReplies();

  constructor(private readonly parts: RequestParts) {
    const { connection } = parts;
    connection.on('session', ({ sessionPresent, first }) => {
      if (!sessionPresent && !first)
        this.failAll(
          ({ written }) => written,
          (request) => this.sessionLost(request),
        );
    });
    connection.on('closed', (cause) =>
      this.failAll(
        () => true,
        // what was never written did not come about for the reason that the connection did not
        ({ topic, written }) => (cause && !written ? cause : this.closedError(topic, written, cause)),
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
    const request = new PendingRequest(
      topic,
      options.timeout ?? this.parts.requestTimeoutMs,
      observer,
      (late) => this.timedOut(late),
      (ended) => this.ended(ended),
    );
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
  receiveLate(topic: string, { properties }: PublishPacket): void {
    const { counters, logger } = this.parts;
    counters.lateReplies++;
    logger.debug(`A reply on "${topic}" came late, twice, or for nobody here; it is dropped`);
    const correlationData = properties?.correlationData;
    const control = nestProperty(properties?.userProperties, NestProperty.control);
    if (control !== undefined && correlationData) this.sendCancel(control, correlationData); // a stream that nobody follows
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
      if (offline === 'fail' && connection.offline) throw this.closedError(call.topic, false, connection.lastError);
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

  private timedOut(request: PendingRequest): void {
    const { topic, timeoutMs } = request;
    const { pending } = this.parts;
    if (pending.isWaiting(request)) {
      const what = `No room for the request on "${topic}" within ${timeoutMs} ms`;
      request.fail(new BackpressureError('maxPendingRequests', pending.bound, what));
      return;
    }
    this.cancelRemotely(request);
    request.fail(new RequestTimeoutError(topic, timeoutMs));
  }

  private cancel(request: PendingRequest): void {
    if (request.ended) return;
    this.cancelRemotely(request);
    request.abandon();
  }

  private obey(signal: AbortSignal, request: PendingRequest): void {
    const abort = (): void => {
      this.cancelRemotely(request);
      request.fail(new RequestCancelledError(request.topic, { cause: signal.reason }));
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    request.onEnd(() => signal.removeEventListener('abort', abort));
  }

  /** Only a stream that has begun can be told to stop: any other handler ends by itself, or by the request's expiry. */
  private cancelRemotely({ controlTopic, correlationData, ended }: PendingRequest): void {
    if (!ended && controlTopic !== undefined && correlationData) this.sendCancel(controlTopic, correlationData);
  }

  private sendCancel(topic: string, correlationData: Buffer): void {
    const properties = { correlationData, userProperties: { [NestProperty.cancel]: '1' } };
    this.parts.publisher.send({ topic, payload: EMPTY, qos: 1, retain: false, properties }, (error) => {
      if (error) this.parts.logger.debug(`A stream could not be cancelled: ${error.message}`);
    });
  }

  private ended(request: PendingRequest): void {
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

  private sessionLost({ topic }: PendingRequest): Error {
    const { broker } = this.parts.connection;
    return new ConnectionClosedError(
      `${broker} lost the session while the request on "${topic}" was under way: its reply cannot come any more.`,
      true,
    );
  }

  private closedError(topic: string, maybeExecuted: boolean, cause: Error | undefined): Error {
    const { broker } = this.parts.connection;
    return new ConnectionClosedError(
      `The connection to ${broker} ended before the request on "${topic}" did.`,
      maybeExecuted,
      { cause },
    );
  }
}

function duplicateCorrelation(topic: string): Error {
  return new InvalidOptionsError([
    {
      option: `correlationData of the request on "${topic}"`,
      problem: 'another request with the same bytes is still waiting for its reply',
      remedy: 'Leave it out, or choose new bytes for each request',
    },
  ]);
}
