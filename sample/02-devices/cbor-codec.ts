import { decode, encode } from 'cborg';
import type { MqttCodec } from 'nestjs-mqtt-transport';

/** CBOR (RFC 8949): the values of JSON, bytes among them, in fewer bytes. */
export const cborCodec: MqttCodec = {
  encode: (value) => ({ payload: Buffer.from(encode(value)), contentType: 'application/cbor' }),
  decode: (payload) => decode(payload) as unknown,
};
