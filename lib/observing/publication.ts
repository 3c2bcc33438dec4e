import type { MessageProperties, OutgoingMessage, QoS, UserProperties } from '../protocol/application-message.js';
import { publishEndOf } from './ends.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttObservedRequest } from './mqtt-observed-request.js';
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

/** A message that observers are notified of. */
export class Publication implements MqttPublication {
  readonly kind: MqttPublication['kind'];
  readonly topic: string;
  readonly template: string | undefined;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly correlationData: Buffer | undefined;
  readonly request: MqttObservedRequest | undefined;
  readonly delivery: MqttDelivery | undefined;
  size: number | undefined = undefined;
  readonly injectable: boolean;
  private injected: Record<string, string> | undefined = undefined;
  private over = false;

  constructor(
    readonly connection: MqttObservedConnection,
    parts: PublicationParts,
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

  inject(name: string, value: string): boolean {
    if (!this.injectable) return false;
    (this.injected ??= {})[name] = value;
    return true;
  }

  /** Metadata of Nest's envelope, including that of the observers. */
  metadata(own: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | undefined {
    return this.injected ? { ...own, ...this.injected } : own;
  }

  /** The message, including the metadata of the observers. */
  complete(message: OutgoingMessage): OutgoingMessage {
    this.size = Buffer.byteLength(message.payload);
    if (!this.injected || this.connection.protocolVersion === 4) return message;
    const properties: MessageProperties = { ...message.properties };
    const userProperties: UserProperties = { ...properties.userProperties, ...this.injected };
    return { ...message, properties: { ...properties, userProperties } };
  }

  /** Notifies the observers of the result. */
  settled(error: unknown, reasonCode: number | undefined): void {
    this.end(publishEndOf(this.qos, error, reasonCode));
  }

  end(end: MqttPublishEnd): void {
    if (this.over) return;
    this.over = true;
    this.onEnd(end);
  }
}
