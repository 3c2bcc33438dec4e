import type { Deserializer, Serializer } from '@nestjs/microservices';
import type { MqttCodec } from '../protocol/codec.js';
import { withoutPromise } from './checked-codec.js';

/** Nest's own way to change what goes over the wire: applications that move over keep theirs. */
export interface NestSerializers {
  /** Turns a packet, `{ pattern, data }` or `{ response }`, into what is sent. It must not return a promise. */
  serializer?: Serializer;
  /** Turns what came, parsed, into a packet. It must not return a promise. */
  deserializer?: Deserializer;
}

/** A codec whose values go through a serializer: `packetOf` makes the packet that it is given. */
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

/** A codec whose values come through a deserializer: `valueOf` takes them out of the packet that it makes. */
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
