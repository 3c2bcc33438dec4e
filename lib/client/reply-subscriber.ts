import type { Subscriber } from 'rxjs';
import { RemoteError } from '../errors/remote.error.js';
import type { MqttReply } from './mqtt-reply.js';
import type { CallObserver } from './pending-request.js';

/** Gives a subscriber the values of replies, and what a handler failed with as it is: what `ClientProxy.send` promises. */
export class ReplySubscriber<T> implements CallObserver {
  constructor(private readonly subscriber: Subscriber<T>) {}

  next(reply: MqttReply): void {
    this.subscriber.next(reply.data as T);
  }

  error(error: unknown): void {
    this.subscriber.error(error instanceof RemoteError ? error.data : error);
  }

  complete(): void {
    this.subscriber.complete();
  }
}
