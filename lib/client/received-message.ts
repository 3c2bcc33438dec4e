import { PayloadDecodeError } from '../errors/payload-decode.error.js';
import type { PublishPacket, UserProperties } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { ACK, NACK, type Decision, type Settling } from '../protocol/delivery.js';
import type { MqttMessage } from './mqtt-message.js';

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/**
 * Makes a message of what came off the wire.
 *
 * @throws PayloadDecodeError when its payload is not what its Content Type, or the codec, says
 */
export function messageOf<T>(
  topic: string,
  payload: Buffer,
  packet: PublishPacket,
  settlement: Settling | undefined,
  codec: MqttCodec,
): MqttMessage<T> {
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
  const { qos, retain } = packet;
  const own = { data, topic, qos, retain, userProperties, contentType, responseTopic, correlationData, packet };
  return { ...own, ack: () => decide(ACK), nack: () => decide(NACK) };
}
