import type { Deserializer, Serializer } from '@nestjs/microservices';
import type { MqttCodec } from '../protocol/codec.js';
import { withoutPromise } from './checked-codec.js';

/** Nest's serializer and deserializer, for applications that migrate from another transport. */
export interface NestSerializers {
  /** Converts a packet, `{ pattern, data }` or `{ response }`, to the value that is sent. Must be synchronous. */
  serializer?: Serializer;
  /** Converts the parsed payload to a packet. Must be synchronous. */
  deserializer?: Deserializer;
}

/** A codec that applies a serializer before it encodes; `packetOf` creates the packet for the serializer. */
export function withSerializer(
  codec: MqttCodec,
  serializer: Serializer | undefined,
  packetOf: (value: unknown) => unknown,
): MqttCodec {
  if (!serializer) return codec;
  return {
    encode: (value) => codec.encode(withoutPromise(serializer.serialize(packetOf(value)), 'serializer')),
    decode: (payload, hints) => codec.decode(payload, hints),
  };
}

/** A codec that applies a deserializer after it decodes; `valueOf` extracts the value from the packet. */
export function withDeserializer<P>(
  codec: MqttCodec,
  deserializer: Deserializer | undefined,
  valueOf: (packet: P) => unknown,
): MqttCodec {
  if (!deserializer) return codec;
  return {
    encode: (value) => codec.encode(value),
    decode: (payload, hints) => valueOf(deserialize<P>(deserializer, codec.decode(payload, hints), hints.topic)),
  };
}

/** A parsed payload after the deserializer. */
export function deserialize<P>(deserializer: Deserializer, value: unknown, topic: string): P {
  return withoutPromise(deserializer.deserialize(value, { channel: topic }), 'deserializer') as P;
}
