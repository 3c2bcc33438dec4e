import { Observable } from 'rxjs';
import { MessageIterator } from './message-iterator.js';
import type { MqttMessage } from './mqtt-message.js';

/** Receives the messages of a subscription, and its end. */
export interface MessageObserver<T> {
  next(message: MqttMessage<T>): void;
  error(error: unknown): void;
  complete(): void;
}

/** Subscribes, and returns a function that unsubscribes. */
export type OpenSubscription<T> = (observer: MessageObserver<T>) => () => void;

interface StreamOptions {
  /** Maximum number of QoS 0 messages that wait for `for await`; others are limited by Receive Maximum. */
  readonly bufferSize: number;
  /** Whether the listener settles each message; otherwise it is acknowledged when it has been passed to the listener. */
  readonly manualAck: boolean;
}

/**
 * Messages of an ad-hoc subscription, as an observable and an async iterable. The filter is subscribed with the first listener and
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

  /** Subscribes at once. Leaving the loop unsubscribes; messages that were not consumed are not acknowledged. */
  [Symbol.asyncIterator](): AsyncIterator<MqttMessage<T>> {
    return new MessageIterator(this.open, this.options);
  }
}
