import type { Logger } from '@nestjs/common';
import type { OutgoingMessage } from '../protocol/application-message.js';
import { errorCodeOf, nestError } from '../serialization/error-object.js';
import type { ReplyEncoder } from './reply-encoder.js';

/** Sends a message; `settled` is called once, when it is written (QoS 0) or acknowledged by the broker. */
export type Send = (message: OutgoingMessage, settled: (error: Error | undefined) => void) => void;

/** Whose request is answered. */
export interface Replying {
  /** Called once, when everything has been accepted by the broker, or given up. */
  replied(): void;
}

/** Streams that callers can cancel. */
export interface CancellableStreams {
  /** Awaited before the first value of a stream that goes on is sent. */
  ready(): Promise<void>;
}

/** Answers one request: with one value, with a stream of values in order, or with a failure. */
export class Responder {
  private queue: unknown[] = [];
  private sent = 0;
  private unsettled = 0;
  private state: 'open' | 'completed' | 'failed' | 'ended' = 'open';
  private failure: { code: string; error: unknown } | undefined;
  private scheduled = false;
  private prepared = false;
  /** A value could not be encoded: its caller has been told that the request failed. */
  private broken = false;

  constructor(
    private readonly topic: string,
    private readonly encoder: ReplyEncoder,
    private readonly send: Send,
    private readonly logger: Logger,
    private readonly owner: Replying,
    private readonly streams?: CancellableStreams,
  ) {}

  /** Whether a reply has gone out already, so that the handler cannot be run again. */
  get hasReplied(): boolean {
    return this.sent > 0 || this.queue.length > 0;
  }

  /** The handler's one and only value. */
  single(value: unknown): void {
    this.state = 'ended';
    this.write(() => this.encoder.single(value));
    this.finishWhenSettled();
  }

  /** A value of a stream. It is sent with those that come in the same turn, so that a stream of one looks like a single value. */
  next(value: unknown): void {
    if (this.state !== 'open') return;
    this.queue.push(value);
    this.schedule();
  }

  complete(): void {
    if (this.state !== 'open') return;
    this.state = 'completed';
    this.schedule();
  }

  /** @param code default: `internal` for what Nest has masked, else `rpc` */
  fail(error: unknown, code: string = errorCodeOf(error)): void {
    if (this.state !== 'open') return;
    this.state = 'failed';
    this.failure = { code, error };
    this.schedule();
  }

  /** Nobody waits any more: nothing further is sent. */
  abandon(): void {
    if (this.state === 'ended') return;
    this.queue = [];
    this.state = 'ended';
    this.finishWhenSettled();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    process.nextTick(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    const { queue, state } = this;
    if (state === 'ended') return;
    if (state === 'open' && this.streams && !this.prepared) {
      void this.prepare(this.streams);
      return;
    }
    this.queue = [];
    if (state === 'completed' && this.sent === 0 && queue.length <= 1) {
      this.single(queue[0]);
      return;
    }
    for (const [i, value] of queue.entries()) {
      const last = state === 'completed' && i === queue.length - 1;
      this.write(() => this.encoder.item(value, { index: this.sent, end: last ? 'last' : 'more' }));
      this.sent++;
    }
    if (state === 'open') return;
    this.state = 'ended';
    if (state === 'failed') this.write(() => this.encoder.failure(this.failure!.code, this.failure!.error));
    else if (queue.length === 0) this.write(() => this.encoder.end(this.sent));
    this.finishWhenSettled();
  }

  private async prepare(streams: CancellableStreams): Promise<void> {
    this.scheduled = true;
    await streams.ready();
    this.prepared = true;
    this.flush();
  }

  private write(encode: () => OutgoingMessage | undefined): void {
    if (this.broken) return;
    let message: OutgoingMessage | undefined;
    try {
      message = encode();
    } catch (error) {
      this.logger.error(`The reply to a request on "${this.topic}" cannot be encoded: ${(error as Error).message}`);
      this.broken = true;
      message = this.encoder.failure('internal', nestError('Internal server error'));
    }
    if (!message) return; // the request has expired: nobody waits for it
    this.unsettled++;
    this.send(message, (error) => this.settled(error));
  }

  private settled(error: Error | undefined): void {
    if (error) this.logger.error(`The reply to a request on "${this.topic}" was not sent: ${error.message}`);
    this.unsettled--;
    if (this.state === 'ended') this.finishWhenSettled();
  }

  private finishWhenSettled(): void {
    if (this.unsettled === 0) this.owner.replied();
  }
}
