import type { Unsubscribable } from 'rxjs';
import type { PublishPacket } from '../../protocol/application-message.js';
import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';
import type { Waiting } from '../../wire/outbound/publisher.js';
import type { RequestKey } from './correlation-data.js';
import type { ReplyStream } from '../formats/reply-streams.js';
import type { ObservedRequest } from './observed-request.js';
import type { CallObserver, RequestCall } from './request-call.js';

/** Who keeps the requests of a client. */
export interface RequestOwner {
  /** Its time is up. */
  timedOut(request: Request): void;
  /**
   * It has ended, whichever way.
   *
   * @param answered whether a responder said so
   * @param error what it failed with; undefined when it did not fail, or was given up
   */
  ended(request: Request, answered: boolean, error: unknown): void;
  /** Its observer threw. */
  observerThrew(request: Request, error: unknown): void;
}

/** A request from the moment it is made to its end, whichever end that is. Its deadline runs from the start. */
export class Request implements Unsubscribable {
  ended = false;
  /** Response Topic that is used for it although it is not the client's own, from the start. */
  namedTopic: string | undefined;
  /** Response Topic; known when the broker has granted it. */
  responseTopic: string | undefined;
  /** By what its reply is known; set while the reply is awaited, from the writing on. */
  key: RequestKey | undefined;
  correlationData: Buffer | undefined;
  /** The request where it waits for the connection. */
  waiting: Waiting | undefined;
  /** Milliseconds since the epoch; 0 until then. */
  writtenAt = 0;
  /** When the broker acknowledged it (QoS 1 and 2). */
  acknowledgedAt = 0;
  /** Streams that answer it, one for each responder. */
  streams: ReplyStream[] | undefined;
  /** As observers see it; undefined where there are none. */
  observed: ObservedRequest | undefined;
  /** Listener on the signal of the call. */
  onAbort: (() => void) | undefined;
  /** Milliseconds since the epoch; `Infinity` for none. */
  readonly deadline: number;
  private readonly timer: LongTimeout;

  constructor(
    readonly call: RequestCall,
    readonly timeoutMs: number,
    private readonly observer: CallObserver,
    private readonly owner: RequestOwner,
  ) {
    this.deadline = Date.now() + timeoutMs;
    this.timer = setLongTimeout(expire, timeoutMs, this);
  }

  get topic(): string {
    return this.call.topic;
  }

  /** Whether it has been handed to the connection, so that a handler may run for it. */
  get sent(): boolean {
    return this.writtenAt > 0 && this.waiting?.place === undefined;
  }

  /** The one and only value. */
  single(data: unknown, packet: PublishPacket): void {
    if (this.ended) return;
    this.end(true);
    try {
      this.observer.next(data, packet);
      this.observer.complete();
    } catch (error) {
      this.owner.observerThrew(this, error);
    }
  }

  next(data: unknown, packet: PublishPacket): void {
    if (this.ended) return;
    try {
      this.observer.next(data, packet);
    } catch (error) {
      this.owner.observerThrew(this, error);
    }
  }

  /** A responder says that nothing more comes. @param end the message that said so, where it held no value */
  complete(end?: PublishPacket): void {
    if (this.ended) return;
    this.end(true);
    try {
      this.observer.complete(end);
    } catch (error) {
      this.owner.observerThrew(this, error);
    }
  }

  /** A responder says that it failed. @param responder how it names itself, if it does */
  failedRemotely(error: Error, responder?: string): void {
    const { streams = [] } = this;
    for (const stream of streams) if (streams.length === 1 || stream.responder === responder) stream.ended = true;
    this.fail(error, true);
  }

  fail(error: unknown, answered = false): void {
    if (this.ended) return;
    this.end(answered, error);
    try {
      this.observer.error(error);
    } catch (thrown) {
      this.owner.observerThrew(this, thrown);
    }
  }

  /** The caller gives it up: nothing is reported. Called by rxjs as well, after every end. */
  unsubscribe(): void {
    if (!this.ended) this.end(false);
  }

  /** @internal */
  timedOut(): void {
    if (!this.ended) this.owner.timedOut(this);
  }

  private end(answered: boolean, error?: unknown): void {
    this.ended = true;
    this.timer.clear();
    this.owner.ended(this, answered, error);
  }
}

/** One function for all timers, so that none holds a closure of its own. */
function expire(request: Request): void {
  request.timedOut();
}
