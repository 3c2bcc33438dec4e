import type { Subscriber } from 'rxjs';
import { RemoteError } from '../../errors/remote.error.js';
import type { PublishPacket } from '../../protocol/application-message.js';
import { replyOf, type MqttReply } from './mqtt-reply.js';
import type { CallObserver } from './request-call.js';

/** For `send()`: emits the values of replies, and errors with the handler's error object, as `ClientProxy` does. */
export class ReplySubscriber<T> implements CallObserver {
  constructor(private readonly subscriber: Subscriber<T>) {}

  next(data: unknown): void {
    this.subscriber.next(data as T);
  }

  error(error: unknown): void {
    this.subscriber.error(error instanceof RemoteError ? error.data : error);
  }

  complete(): void {
    this.subscriber.complete();
  }
}

/** For `request()`: resolves with the last reply, or with the message that ended the stream without a value. */
export class ReplyWaiter<T> implements CallObserver {
  private last: MqttReply<T> | undefined;

  constructor(
    private readonly resolve: (reply: MqttReply<T>) => void,
    readonly error: (error: unknown) => void,
  ) {}

  next(data: unknown, packet: PublishPacket): void {
    this.last = replyOf(data as T, packet);
  }

  complete(end?: PublishPacket): void {
    this.resolve(this.last ?? replyOf(undefined as T, end!));
  }
}
