import type { Logger } from '@nestjs/common';
import { BackpressureError } from '../errors/backpressure.error.js';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { NoMatchingSubscribersError } from '../errors/no-matching-subscribers.error.js';
import { RequestCancelledError } from '../errors/request-cancelled.error.js';
import { RequestTimeoutError } from '../errors/request-timeout.error.js';
import type { PublishPacket } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { ReasonCode } from '../protocol/reason-code.js';
import type { MqttRecordOptions } from '../records/mqtt-record.js';
import { NestProperty, nestProperty } from '../serialization/wire-contract.js';
import type { Connection } from '../wire/connection.js';
import type { Publisher } from '../wire/publisher.js';
import type { ClientCounters } from './client-counters.js';
import type { Inbox } from './inbox.js';
import type { MessageComposer } from './message-composer.js';
import { PendingRequest, type CallObserver } from './pending-request.js';
import { PendingRequests } from './pending-requests.js';
import { deliverReply } from './reply-reader.js';

interface RequestParts {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly inbox: Inbox;
  readonly composer: MessageComposer;
  readonly codec: MqttCodec;
  readonly requestTimeoutMs: number;
  readonly maxPendingRequests: number;
  readonly offline: 'queue' | 'fail';
  readonly counters: ClientCounters;
  readonly logger: Logger;
}

const EMPTY = Buffer.alloc(0);

/** Requests of one client: each is written when there is a connection, an inbox and room, and ends in one of the ways that it can. */
export class Requests {
  private readonly pending = new PendingRequests();
  /** Requests that wait for others to end, in the order in which they came. */
  private waitingForRoom = new Map<PendingRequest, () => void>();

  constructor(private readonly parts: RequestParts) {
    const { connection } = parts;
    connection.on('session', ({ sessionPresent, first }) => {
      if (!sessionPresent && !first) this.pending.failAll((request) => this.sessionLost(request));
    });
    connection.on('closed', (error) => this.pending.failAll(({ topic }) => this.closedError(topic, true, error)));
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  /**
   * Makes a request. Its deadline runs from now on, and covers connecting, queueing, the handler and the reply.
   *
   * @returns a function that gives it up: the waiter is freed, and a running stream is cancelled where it runs
   */
  start(topic: string, data: unknown, options: Readonly<MqttRecordOptions>, observer: CallObserver): () => void {
    const { signal } = options;
    const request = new PendingRequest(
      topic,
      options.timeout ?? this.parts.requestTimeoutMs,
      observer,
      (late) => this.timedOut(late),
      (ended) => this.ended(ended),
    );
    const cancel = (): void => this.cancel(request);
    if (signal) this.obey(signal, request);
    const responseTopic = this.parts.connection.connected
      ? this.parts.inbox.topicFor(options.responseTopic)
      : undefined;
    if (responseTopic !== undefined && this.hasRoom) this.write(request, responseTopic, data, options);
    else if (!request.ended) void this.writeWhenPossible(request, data, options);
    return cancel;
  }

  /** A message on the inbox. */
  receive(topic: string, payload: Buffer, packet: PublishPacket): void {
    const { counters, logger, codec } = this.parts;
    const correlationData = packet.properties?.correlationData;
    const request = correlationData && this.pending.find(correlationData);
    if (request) {
      deliverReply(request, topic, payload, packet, codec);
      return;
    }
    counters.lateReplies++;
    logger.debug(`A reply on "${topic}" came late, twice, or for nobody here; it is dropped`);
    const control = nestProperty(packet.properties?.userProperties, NestProperty.control);
    if (control !== undefined && correlationData) this.sendCancel(control, correlationData);
  }

  private get hasRoom(): boolean {
    return this.waitingForRoom.size === 0 && this.pending.size < this.parts.maxPendingRequests;
  }

  private async writeWhenPossible(
    request: PendingRequest,
    data: unknown,
    options: Readonly<MqttRecordOptions>,
  ): Promise<void> {
    const { connection, inbox, offline } = this.parts;
    try {
      if (offline === 'fail' && connection.offline) throw this.closedError(request.topic, false, connection.lastError);
      await connection.open();
      const responseTopic = await inbox.open(options.responseTopic);
      if (request.ended) return;
      if (!this.hasRoom) await this.room(request);
      if (!request.ended) this.write(request, responseTopic, data, options);
    } catch (error) {
      request.fail(error);
    }
  }

  private room(request: PendingRequest): Promise<void> {
    return new Promise((resolve) => this.waitingForRoom.set(request, resolve));
  }

  private write(
    request: PendingRequest,
    responseTopic: string,
    data: unknown,
    options: Readonly<MqttRecordOptions>,
  ): void {
    const { publisher, composer } = this.parts;
    const { topic } = request;
    const remainingMs = request.deadline - Date.now();
    if (remainingMs <= 0) {
      this.timedOut(request); // a request whose time is up is never written
      return;
    }
    const correlationData = options.correlationData ?? this.pending.newCorrelationData();
    try {
      const own = { responseTopic, correlationData, messageExpiryInterval: Math.ceil(remainingMs / 1_000) };
      const message = composer.compose(topic, data, options, own);
      if (!this.pending.open(correlationData, request)) throw duplicateCorrelation(topic);
      request.written = true;
      publisher.send(message, (error, reasonCode) => {
        if (error) request.fail(error);
        else if (reasonCode === ReasonCode.NO_MATCHING_SUBSCRIBERS) request.fail(new NoMatchingSubscribersError(topic));
      });
    } catch (error) {
      request.fail(error);
    }
  }

  private timedOut(request: PendingRequest): void {
    const { maxPendingRequests } = this.parts;
    const { topic, timeoutMs } = request;
    if (this.waitingForRoom.has(request)) {
      request.fail(
        new BackpressureError(
          'maxPendingRequests',
          maxPendingRequests,
          `No room for the request on "${topic}" within ${timeoutMs} ms`,
        ),
      );
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
    request.whenEnded = () => signal.removeEventListener('abort', abort);
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
    this.pending.close(request);
    this.waitingForRoom.delete(request);
    if (this.waitingForRoom.size === 0 || this.pending.size >= this.parts.maxPendingRequests) return;
    const [next] = this.waitingForRoom;
    if (!next) return;
    this.waitingForRoom.delete(next[0]);
    next[1]();
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
