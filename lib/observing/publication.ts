import type { MessageProperties, OutgoingMessage, QoS, UserProperties } from '../protocol/application-message.js';
import { discouragedCharacter, utf8StringProblem } from '../protocol/utf8-string.js';
import { publishEndOf } from './ends.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttObservedRequest } from './mqtt-observed-request.js';
import type { MqttObserver } from './mqtt-observer.js';
import type { ObserverComplaints } from './observer-complaints.js';
import type { MqttPublication, MqttPublishEnd } from './mqtt-publication.js';

/** The parts of a message before it is encoded. */
export interface PublicationParts {
  readonly kind: MqttPublication['kind'];
  readonly topic: string;
  readonly template: string | undefined;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly correlationData?: Buffer | undefined;
  readonly request?: MqttObservedRequest | undefined;
  readonly delivery?: MqttDelivery | undefined;
  /** Whether the message is sent in Nest's envelope, whose metadata is created later. */
  readonly enveloped?: boolean;
}

/** Names of the wire contract: an injected one would make an ordinary message a failure, or a piece of a stream. */
const RESERVED = 'nest-';

/** A message that observers are told of. */
export class Publication implements MqttPublication {
  readonly kind: MqttPublication['kind'];
  readonly topic: string;
  readonly template: string | undefined;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly correlationData: Buffer | undefined;
  readonly request: MqttObservedRequest | undefined;
  readonly delivery: MqttDelivery | undefined;
  readonly injectable: boolean;
  // private to the language too: an observer may freeze what it is told
  #size: number | undefined = undefined;
  #injected: Record<string, string> | undefined = undefined;
  #over = false;
  #told: MqttObserver | undefined = undefined;

  constructor(
    readonly connection: MqttObservedConnection,
    parts: PublicationParts,
    private readonly complaints: ObserverComplaints,
    private readonly onEnd: (end: MqttPublishEnd) => void,
  ) {
    this.kind = parts.kind;
    this.topic = parts.topic;
    this.template = parts.template;
    this.qos = parts.qos;
    this.retain = parts.retain;
    this.correlationData = parts.correlationData;
    this.request = parts.request;
    this.delivery = parts.delivery;
    this.injectable = connection.protocolVersion === 5 || parts.enveloped === true;
  }

  get size(): number | undefined {
    return this.#size;
  }

  /** The observer that is told of it now, which alone may have texts travel along; undefined when the message is made. */
  set told(observer: MqttObserver | undefined) {
    this.#told = observer;
  }

  inject(name: string, value: string): boolean {
    if (!this.injectable || this.#told === undefined) return false;
    const problem = injectionProblem(name, value);
    if (problem !== undefined) {
      this.complaints.tell(this.#told, 'publish', `injected what cannot travel along: ${problem}`);
      return false;
    }
    (this.#injected ??= {})[name] = value;
    return true;
  }

  /** Metadata of Nest's envelope, including that of the observers. */
  metadata(own: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | undefined {
    return this.#injected ? { ...own, ...this.#injected } : own;
  }

  /** The message, including the metadata of the observers. */
  complete(message: OutgoingMessage): OutgoingMessage {
    this.#size = Buffer.byteLength(message.payload);
    if (!this.#injected || this.connection.protocolVersion === 4) return message;
    const properties: MessageProperties = { ...message.properties };
    const userProperties: UserProperties = { ...properties.userProperties, ...this.#injected };
    return { ...message, properties: { ...properties, userProperties } };
  }

  /** Notifies the observers of the result. */
  settled(error: unknown, reasonCode: number | undefined): void {
    this.end(publishEndOf(this.qos, error, reasonCode));
  }

  end(end: MqttPublishEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.onEnd(end);
  }
}

/** What forbids a text that an observer has a message carry: it would be refused with the message, which is the application's. */
function injectionProblem(name: unknown, value: unknown): string | undefined {
  if (typeof name !== 'string') return 'its name is no string';
  const what = JSON.stringify(name.slice(0, LONGEST_NAME_SHOWN));
  if (name.startsWith(RESERVED)) return `names such as ${what} are the wire contract's`;
  if (typeof value !== 'string') return `the value of ${what} is no string`;
  const found = textProblem(name) ?? textProblem(value);
  return found && `of ${what}, ${found}`;
}

const LONGEST_NAME_SHOWN = 100;

function textProblem(text: string): string | undefined {
  const problem = utf8StringProblem(text);
  if (problem !== undefined) return problem;
  const character = discouragedCharacter(text);
  return character && `it contains ${character}`;
}
