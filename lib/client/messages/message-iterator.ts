import { LinkedQueue, type QueuePlace } from '../../collections/linked-queue.js';
import type { MqttMessage } from './mqtt-message.js';

type Result<T> = IteratorResult<MqttMessage<T>, undefined>;

interface Waiter<T> {
  readonly resolve: (result: Result<T>) => void;
  readonly reject: (error: unknown) => void;
}

interface IteratorOptions {
  readonly bufferSize: number;
  readonly manualAck: boolean;
}

/** Buffers the messages of a subscription until they are consumed. */
export class MessageIterator<T> implements AsyncIterator<MqttMessage<T>, undefined> {
  private readonly buffer = new LinkedQueue<MqttMessage<T>>();
  /** Positions of the QoS 0 messages, which may be dropped, oldest first. */
  private readonly droppable = new LinkedQueue<QueuePlace<MqttMessage<T>>>();
  private readonly waiters: Waiter<T>[] = [];
  private readonly close: () => void;
  private end: { readonly error?: Error } | undefined;

  /** @param open subscribes, and returns a function that unsubscribes */
  constructor(
    open: (observer: {
      next(message: MqttMessage<T>): void;
      error(error: unknown): void;
      complete(): void;
    }) => () => void,
    private readonly options: IteratorOptions,
  ) {
    this.close = open({
      next: (message) => this.push(message),
      error: (error) => this.finish({ error: error as Error }),
      complete: () => this.finish({}),
    });
  }

  next(): Promise<Result<T>> {
    const message = this.buffer.shift();
    if (message) {
      if (message.qos === 0) this.droppable.shift();
      return Promise.resolve(this.handOver(message));
    }
    if (!this.end) return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
    const { error } = this.end;
    this.end = {}; // the error is reported only once
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
  }

  /** Called when the loop is left: messages that were not consumed are not acknowledged. */
  return(): Promise<Result<T>> {
    this.close();
    for (let message = this.buffer.shift(); message; message = this.buffer.shift()) message.nack();
    this.finish({});
    return Promise.resolve({ value: undefined, done: true });
  }

  private push(message: MqttMessage<T>): void {
    const waiter = this.waiters.shift();
    if (waiter) waiter.resolve(this.handOver(message));
    else if (message.qos > 0) this.buffer.push(message);
    else this.pushDroppable(message);
  }

  private pushDroppable(message: MqttMessage<T>): void {
    if (this.droppable.size >= this.options.bufferSize) {
      const oldest = this.droppable.shift();
      if (!oldest) return;
      this.buffer.remove(oldest);
    }
    this.droppable.push(this.buffer.push(message));
  }

  private handOver(message: MqttMessage<T>): Result<T> {
    if (!this.options.manualAck) message.ack();
    return { value: message, done: false };
  }

  private finish(end: { readonly error?: Error }): void {
    this.end ??= end;
    for (const { resolve, reject } of this.waiters.splice(0)) {
      if (end.error === undefined) resolve({ value: undefined, done: true });
      else reject(end.error);
    }
  }
}
