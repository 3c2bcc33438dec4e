import type { OutgoingMessage } from '../../protocol/application-message.js';
import { errorCodeOf } from '../../serialization/error-object.js';
import {
  answer,
  failureMessage,
  insteadOfRefused,
  insteadOfUnencodable,
  sendReply,
  type AnsweredRequest,
} from './answer.js';

/** Streams that callers can cancel. */
export interface CancellableStreams {
  /** Awaited before the first of several values is sent. */
  ready(): Promise<void>;
  /** Topic on which the caller can cancel; undefined if it cannot. */
  readonly announcedTopic: string | undefined;
}

/** Replies to one request with the values of an observable, in order, and its end. */
export class ReplyStream {
  private queue: unknown[] = [];
  private sent = 0;
  private unsettled = 0;
  private state: 'open' | 'completed' | 'failed' | 'ended' = 'open';
  private failure: { code: string; error: unknown } | undefined;
  private scheduled = false;
  /** Whether a reply waits to be sent. */
  private held = false;
  private prepared = false;
  /** A value could not be encoded, or was refused: the caller has received an error. */
  private broken = false;

  constructor(
    private readonly request: AnsweredRequest,
    private readonly streams?: CancellableStreams,
  ) {}

  /** Whether a reply has been sent, so that the handler cannot be retried. */
  get hasReplied(): boolean {
    return this.sent > 0 || this.queue.length > 0;
  }

  /** A value. Sent at the end of the event loop turn, so that a stream of one value is sent as a single value. */
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

  /** @param code default: `internal` for errors that Nest has masked, else `rpc` */
  fail(error: unknown, code: string = errorCodeOf(error)): void {
    if (this.state !== 'open') return;
    this.state = 'failed';
    this.failure = { code, error };
    this.schedule();
  }

  /** The caller has cancelled: no further reply is sent. */
  abandon(): void {
    if (this.state === 'ended') return;
    this.queue = [];
    this.state = 'ended';
    this.request.answered(false);
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
      this.state = 'ended';
      answer(this.request, queue[0]);
      return;
    }
    for (const [i, value] of queue.entries()) this.item(value, state === 'completed' && i === queue.length - 1);
    if (state === 'open') return;
    this.state = 'ended';
    const { failure } = this;
    if (failure) this.write(() => failureMessage(this.request, failure.code, failure.error, this.sent > 0));
    else if (queue.length === 0) this.write(() => this.request.format.end(this.request, this.sent));
    this.request.answered(this.held);
    this.finishWhenSettled();
  }

  private async prepare(streams: CancellableStreams): Promise<void> {
    this.scheduled = true;
    await streams.ready();
    this.prepared = true;
    this.flush();
  }

  private item(value: unknown, last: boolean): void {
    const { request, sent: index, streams } = this;
    const controlTopic = index === 0 ? streams?.announcedTopic : undefined;
    this.write(() => request.format.item(request, value, { index, end: last ? 'last' : 'more' }, controlTopic));
    this.sent++;
  }

  private write(encode: () => OutgoingMessage | undefined): void {
    if (this.broken) return;
    try {
      this.send(encode());
    } catch (error) {
      this.broken = true;
      this.send(insteadOfUnencodable(this.request, error, this.sent > 0));
    }
  }

  /** @param message undefined when the request has expired: then no reply is sent */
  private send(message: OutgoingMessage | undefined): void {
    if (message === undefined) {
      this.request.delivery?.replyOmitted();
      return;
    }
    this.unsettled++;
    if (!sendReply(this.request, message, (error) => this.settled(error))) this.held = true;
  }

  private settled(error: Error | undefined): void {
    if (error && !this.broken) {
      const instead = insteadOfRefused(this.request, error, this.sent > 1);
      this.broken = instead !== undefined; // no reply may follow an error
      this.send(instead);
    }
    this.unsettled--;
    if (this.state === 'ended') this.finishWhenSettled();
  }

  private finishWhenSettled(): void {
    if (this.unsettled === 0) this.request.replied();
  }
}
