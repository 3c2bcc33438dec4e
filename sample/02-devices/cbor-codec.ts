import { decode, encode } from 'cbor-x';
import type { MqttCodec } from 'nestjs-mqtt-transport';

/** CBOR (RFC 8949): the values of JSON, bytes and dates among them, in fewer bytes. */
export const cborCodec: MqttCodec = {
  encode: (value) => ({ payload: encode(value), contentType: 'application/cbor' }),
  decode: (payload) => decode(payload) as unknown,
};
