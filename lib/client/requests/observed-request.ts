import { requestEndOf, WITHDRAWN } from '../../observing/ends.js';
import type { MqttObservedConnection } from '../../observing/mqtt-observed-connection.js';
import type { MqttObservedRequest, MqttRequestEnd } from '../../observing/mqtt-observed-request.js';
import type { Observers } from '../../observing/observers.js';
import type { Publication } from '../../observing/publication.js';
import type { OutgoingMessage, QoS } from '../../protocol/application-message.js';

/** The message of a request before it is encoded. */
interface RequestMessage {
  readonly qos: QoS;
  readonly retain: boolean;
  /** Whether it is sent in Nest's envelope. */
  readonly enveloped: boolean;
}

/** A request and its message, for observers. Created only if there are observers. */
export class ObservedRequest implements MqttObservedRequest {
  // private to the language too: an observer may freeze what it is told
  #end: ((end: MqttRequestEnd) => void) | undefined = undefined;
  /** How it has ended while its observers were told of it: they may close the client, or abort its signal. */
  #endedAs: MqttRequestEnd | undefined = undefined;
  #publication: Publication | undefined = undefined;

  constructor(
    private readonly observers: Observers,
    readonly topic: string,
    readonly template: string | undefined,
    readonly timeoutMs: number,
  ) {}

  begin(): void {
    this.#end = this.observers.request(this);
    if (this.#endedAs) this.#end(this.#endedAs);
  }

  get connection(): MqttObservedConnection {
    return this.observers.connection;
  }

  /** Its message is created by `compose`. @returns the message with the metadata of observers */
  publish(message: RequestMessage, compose: () => OutgoingMessage): OutgoingMessage {
    const { topic, template } = this;
    const parts = { kind: 'request', topic, template, ...message, request: this } as const;
    const publication = (this.#publication = this.observers.publish(parts));
    try {
      return publication.complete(compose());
    } catch (error) {
      publication.settled(error, undefined);
      throw error;
    }
  }

  /** Metadata of Nest's envelope, including that of observers. */
  metadata(own: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | undefined {
    return this.#publication ? this.#publication.metadata(own) : own;
  }

  /** Its message was sent, or has failed. */
  published(error: unknown, reasonCode: number | undefined): void {
    this.#publication?.settled(error, reasonCode);
  }

  /** Its message was removed from the queue before it was sent. */
  withdrawn(): void {
    this.#publication?.end(WITHDRAWN);
  }

  /** @param answered whether a responder has sent the result */
  ended(answered: boolean, error: unknown): void {
    const end = requestEndOf(answered, error);
    if (this.#end) this.#end(end);
    else this.#endedAs = end;
  }
}
