import { Observable } from 'rxjs';
import { MessageIterator } from './message-iterator.js';
import type { MqttMessage } from './mqtt-message.js';

/** Told of the messages of a subscription, and of its end. */
export interface MessageObserver<T> {
  next(message: MqttMessage<T>): void;
  error(error: unknown): void;
  complete(): void;
}

/** Opens a subscription; the function that it returns ends it. */
export type OpenSubscription<T> = (observer: MessageObserver<T>) => () => void;

interface StreamOptions {
  /** QoS 0 messages that wait for a slow `for await`; others are bounded by Receive Maximum. */
  readonly bufferSize: number;
  /** Whether the listener settles each message; otherwise it is acknowledged when the listener has received it. */
  readonly manualAck: boolean;
}

/**
 * Messages of an ad-hoc subscription, as an observable and for `for await`. It is subscribed with the first listener, and
 * unsubscribed with the last one.
 */
export class MessageStream<T = unknown> extends Observable<MqttMessage<T>> implements AsyncIterable<MqttMessage<T>> {
  constructor(
    private readonly open: OpenSubscription<T>,
    private readonly options: StreamOptions,
  ) {
    super((subscriber) =>
      open({
        next: (message) => {
          subscriber.next(message);
          if (!options.manualAck) message.ack();
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  }

  /** Subscribes at once. Leaving the loop unsubscribes; messages that were not consumed stay with the broker. */
  [Symbol.asyncIterator](): AsyncIterator<MqttMessage<T>> {
    return new MessageIterator(this.open, this.options);
  }
}
