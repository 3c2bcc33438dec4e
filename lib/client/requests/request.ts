import type { Unsubscribable } from 'rxjs';
import type { PublishPacket } from '../../protocol/application-message.js';
import { setLongTimeout, type LongTimeout } from '../../timing/long-timeout.js';
import type { Waiting } from '../../wire/outbound/publisher.js';
import type { RequestKey } from './correlation-data.js';
import type { ReplyStream } from '../formats/reply-streams.js';
import type { ObservedRequest } from './observed-request.js';
import type { CallObserver, RequestCall } from './request-call.js';

/** Owner of the requests of a client. */
export interface RequestOwner {
  /** The request has timed out. */
  timedOut(request: Request): void;
  /**
   * The request has ended.
   *
   * @param answered whether a responder has sent the result
   * @param error the error; undefined when it succeeded or was cancelled by unsubscribing
   */
  ended(request: Request, answered: boolean, error: unknown): void;
  /** The observer of the request threw. */
  observerThrew(request: Request, error: unknown): void;
}

/** A request from the call to its end. Its deadline starts with the call. */
export class Request implements Unsubscribable {
  ended = false;
  /** Response Topic other than the client's own, marked as used since the call. */
  namedTopic: string | undefined;
  /** Response Topic; set when the broker has granted its subscription. */
  responseTopic: string | undefined;
  /** Key of its reply; set from the time of sending. */
  key: RequestKey | undefined;
  correlationData: Buffer | undefined;
  /** Its entry in the queue of the publisher. */
  waiting: Waiting | undefined;
  /** Time of sending, in milliseconds since the epoch; 0 before. */
  writtenAt = 0;
  /** Time of the broker's acknowledgement (QoS 1 and 2). */
  acknowledgedAt = 0;
  /** Streams of replies, one for each responder. */
  streams: ReplyStream[] | undefined;
  /** The request for observers; undefined if there are none. */
  observed: ObservedRequest | undefined;
  /** Abort listener on the signal of the call. */
  onAbort: (() => void) | undefined;
  /** Deadline, in milliseconds since the epoch; `Infinity` for none. */
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

  /** Whether it has been passed to the connection, so that a handler may run for it. */
  get sent(): boolean {
    return this.writtenAt > 0 && this.waiting?.place === undefined;
  }

  /** The reply is a single value. */
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

  /** A responder has ended its stream. @param end the message that ended it without a value, if any */
  complete(end?: PublishPacket): void {
    if (this.ended) return;
    this.end(true);
    try {
      this.observer.complete(end);
    } catch (error) {
      this.owner.observerThrew(this, error);
    }
  }

  /** A responder has failed. @param responder its name, if it has sent one */
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

  /** The caller cancels the request: nothing is reported. RxJS also calls it after every end. */
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

/** One function for all timers, to avoid a closure for each. */
function expire(request: Request): void {
  request.timedOut();
}
