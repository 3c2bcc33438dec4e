import type { MqttCodec } from 'nestjs-mqtt-transport';
import type { Type } from 'protobufjs';

/** Protocol Buffers: one message type for what comes, one for what goes. */
export function protobufCodec(incoming: Type, outgoing: Type = incoming): MqttCodec {
  return {
    encode(value) {
      const problem = outgoing.verify(value as object);
      if (problem !== null) throw new TypeError(problem);
      const payload = Buffer.from(outgoing.encode(outgoing.create(value as object)).finish());
      return { payload, contentType: `application/x-protobuf; messageType="${outgoing.name}"` };
    },
    decode: (payload) => incoming.toObject(incoming.decode(payload), { defaults: true }),
  };
}
