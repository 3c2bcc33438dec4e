import { decode, encode } from 'cborg';
import type { MqttCodec } from 'nestjs-mqtt-transport';

/** CBOR (RFC 8949): JSON values and bytes, in a compact format. */
export const cborCodec: MqttCodec = {
  encode: (value) => ({ payload: Buffer.from(encode(value)), contentType: 'application/cbor' }),
  decode: (payload) => decode(payload) as unknown,
};
