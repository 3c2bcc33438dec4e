import type { MqttCodec } from '../protocol/codec.js';
import type { MqttReply } from './mqtt-reply.js';

/** Told what becomes of a request. One of `error` and `complete` comes last, once. */
export interface CallObserver {
  next(reply: MqttReply): void;
  error(error: unknown): void;
  /** @param end the message that said so, where it held no value */
  complete(end?: MqttReply): void;
}

/** Who keeps the requests of a client. */
export interface RequestKeeper {
  /** Its time is up. */
  timedOut(request: PendingRequest): void;
  /** It has ended, whichever way. */
  ended(request: PendingRequest): void;
}

/** A request from the moment it is made to its end, whichever end that is. Its deadline runs from the start. */
export class PendingRequest {
  /** Number of the next value of a streamed reply. */
  nextIndex = 0;
  /** Where to say that nobody waits any more; known when a stream has begun. */
  controlTopic: string | undefined;
  correlationData: Buffer | undefined;
  /** Codec of its replies, where the call has one of its own. */
  codec: MqttCodec | undefined;
  /** By what its reply is known; set when it is written. */
  key: string | undefined;
  /** Whether it has been handed to the connection, so that a handler may run for it. */
  written = false;
  /** Milliseconds since the epoch; 0 until then. */
  writtenAt = 0;
  /** When the broker acknowledged it (QoS 1 and 2). */
  acknowledgedAt = 0;
  ended = false;
  readonly deadline: number;
  private readonly timer: NodeJS.Timeout;
  private whenEnded: (() => void)[] | undefined;

  constructor(
    readonly topic: string,
    readonly timeoutMs: number,
    private readonly observer: CallObserver,
    private readonly keeper: RequestKeeper,
  ) {
    this.deadline = Date.now() + timeoutMs;
    this.timer = setTimeout(expire, timeoutMs, this);
  }

  /** The one and only value. */
  single(reply: MqttReply): void {
    if (this.ended) return;
    this.end();
    this.observer.next(reply);
    this.observer.complete();
  }

  next(reply: MqttReply): void {
    if (!this.ended) this.observer.next(reply);
  }

  complete(end?: MqttReply): void {
    if (this.ended) return;
    this.end();
    this.observer.complete(end);
  }

  fail(error: unknown): void {
    if (this.ended) return;
    this.end();
    this.observer.error(error);
  }

  /** Nobody waits any more. Nothing is reported. */
  abandon(): void {
    if (!this.ended) this.end();
  }

  /** Calls back at the end, whichever it is. */
  onEnd(callback: () => void): void {
    (this.whenEnded ??= []).push(callback);
  }

  /** @internal */
  timedOut(): void {
    if (!this.ended) this.keeper.timedOut(this);
  }

  private end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.keeper.ended(this);
    if (this.whenEnded) for (const call of this.whenEnded) call();
  }
}

/** One function for all timers, so that none holds a closure of its own. */
function expire(request: PendingRequest): void {
  request.timedOut();
}
