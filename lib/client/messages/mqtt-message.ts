import { PayloadDecodeError } from '../../errors/payload-decode.error.js';
import type { PublishPacket, QoS, UserProperties } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import { ACK, NACK, type Decision, type Settling } from '../../protocol/delivery.js';

/** A message of an ad-hoc subscription. */
export interface MqttMessage<T = unknown> {
  readonly data: T;
  /** Topic Name of the message. */
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly userProperties: Readonly<UserProperties>;
  readonly contentType: string | undefined;
  readonly responseTopic: string | undefined;
  readonly correlationData: Buffer | undefined;
  /** The PUBLISH packet, in the format of MQTT.js. */
  readonly packet: PublishPacket;
  /** Acknowledges the message. Needed only with `manualAck`; only the first call of `ack` or `nack` has an effect. */
  ack(): void;
  /** Withholds the acknowledgement: the broker delivers the message again when the session is resumed. */
  nack(): void;
}

/** Options of an ad-hoc subscription. */
export interface MessagesOptions {
  /** Maximum QoS of the subscription. Default 0. */
  qos?: QoS;
  /** Group of a Shared Subscription. Default none. */
  shared?: string;
  /** No Local (5.0). Default false. */
  nl?: boolean;
  /** Retain As Published (5.0). Default false. */
  rap?: boolean;
  /** Retain Handling (5.0): 0 send retained messages, 1 only for a new subscription, 2 never. Default 0. */
  rh?: 0 | 1 | 2;
  /** Maximum number of QoS 0 messages that wait for `for await`; then the oldest is dropped. Others are limited by Receive Maximum. Default 1_000. */
  bufferSize?: number;
  /** Whether the listener calls `ack()` or `nack()`. Default false: a message is acknowledged when it has been passed to the listener. */
  manualAck?: boolean;
  /** Codec of the payloads. Default: the codec of the client. */
  codec?: MqttCodec;
}

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/**
 * Creates a message from a PUBLISH packet.
 *
 * @throws PayloadDecodeError when the codec cannot decode its payload
 */
export function messageOf<T>(
  packet: PublishPacket,
  settlement: Settling | undefined,
  codec: MqttCodec,
): MqttMessage<T> {
  const { topic, payload, qos, retain } = packet;
  const { contentType, responseTopic, correlationData, userProperties = NO_USER_PROPERTIES } = packet.properties ?? {};
  let data: T;
  try {
    data = codec.decode(payload, { contentType, topic }) as T;
  } catch (cause) {
    throw new PayloadDecodeError(topic, contentType, { cause });
  }
  let decided = false;
  const decide = (decision: Decision): void => {
    if (decided) return;
    decided = true;
    settlement?.decide(decision);
  };
  const own = { data, topic, qos, retain, userProperties, contentType, responseTopic, correlationData, packet };
  return { ...own, ack: () => decide(ACK), nack: () => decide(NACK) };
}
