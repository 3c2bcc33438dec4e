import { requestEndOf, WITHDRAWN } from '../../observing/ends.js';
import type { MqttObservedConnection } from '../../observing/mqtt-observed-connection.js';
import type { MqttObservedRequest, MqttRequestEnd } from '../../observing/mqtt-observed-request.js';
import type { Observers } from '../../observing/observers.js';
import type { Publication } from '../../observing/publication.js';
import type { OutgoingMessage, QoS } from '../../protocol/application-message.js';

/** What is known of the message of a request before it is made. */
interface RequestMessage {
  readonly qos: QoS;
  readonly retain: boolean;
  /** Whether it goes out in Nest's envelope. */
  readonly enveloped: boolean;
}

/** A request as observers see it, with its one message. Made only where there are some. */
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

  /** Its message is going to be made, by `compose`. @returns it with what observers have added */
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

  /** Metadata of Nest's envelope, with what observers have added. */
  metadata(own: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | undefined {
    return this.#publication ? this.#publication.metadata(own) : own;
  }

  /** Its message has ended. */
  published(error: unknown, reasonCode: number | undefined): void {
    this.#publication?.settled(error, reasonCode);
  }

  /** Its message left the queue before it was sent. */
  withdrawn(): void {
    this.#publication?.end(WITHDRAWN);
  }

  /** @param answered whether a responder said so */
  ended(answered: boolean, error: unknown): void {
    const end = requestEndOf(answered, error);
    if (this.#end) this.#end(end);
    else this.#endedAs = end;
  }
}
