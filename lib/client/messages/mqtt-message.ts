import { PayloadDecodeError } from '../../errors/payload-decode.error.js';
import type { PublishPacket, QoS, UserProperties } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import { ACK, NACK, type Decision, type Settling } from '../../protocol/delivery.js';

/** A message of an ad-hoc subscription. */
export interface MqttMessage<T = unknown> {
  readonly data: T;
  /** Topic Name that it was published to. */
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly userProperties: Readonly<UserProperties>;
  readonly contentType: string | undefined;
  readonly responseTopic: string | undefined;
  readonly correlationData: Buffer | undefined;
  /** The PUBLISH packet as MQTT.js gives it. */
  readonly packet: PublishPacket;
  /** Acknowledges the message. Needed only with `manualAck`; the first of `ack` and `nack` counts. */
  ack(): void;
  /** Withholds the acknowledgement: the broker delivers the message again when the session is resumed. */
  nack(): void;
}

/** How an ad-hoc subscription is made. */
export interface MessagesOptions {
  /** Maximum QoS asked for. Default 0. */
  qos?: QoS;
  /** Group of a Shared Subscription. Default none. */
  shared?: string;
  /** No Local (5.0). Default false. */
  nl?: boolean;
  /** Retain As Published (5.0). Default false. */
  rap?: boolean;
  /** Retain Handling (5.0): 0 send retained messages, 1 only for a new subscription, 2 never. Default 0. */
  rh?: 0 | 1 | 2;
  /** QoS 0 messages that wait for a slow `for await`; a full buffer drops the oldest. Others are bounded by Receive Maximum. Default 1_000. */
  bufferSize?: number;
  /** Whether `ack()` and `nack()` decide. Default false: a message is acknowledged when it has been handed over. */
  manualAck?: boolean;
  /** Codec of the payloads. Default: the client's. */
  codec?: MqttCodec;
}

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/**
 * Makes a message of what came off the wire.
 *
 * @throws PayloadDecodeError when its payload is not what its Content Type, or the codec, says
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
