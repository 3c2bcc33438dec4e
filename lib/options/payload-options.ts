import type { Deserializer, Serializer } from '@nestjs/microservices';
import type { MqttCodec } from '../protocol/codec.js';
import type { OptionChecks } from './option-checks.js';
import { namesOf } from './option-names.js';

/** How payloads are encoded and decoded, on servers and clients. */
export interface MqttPayloadOptions {
  /** Encodes and decodes payloads. Default: JSON, text or bytes, depending on the Content Type. */
  codec?: MqttCodec;
  /** Nest's serializer for outgoing packets; must be synchronous. Default: none, only the codec is used. */
  serializer?: Serializer;
  /** Nest's deserializer for incoming packets, which it gets parsed; must be synchronous. Default: none, only the codec is used. */
  deserializer?: Deserializer;
}

/** Payload options after validation. */
export interface ResolvedPayloadOptions {
  readonly codec: MqttCodec | undefined;
  readonly serializer: Serializer | undefined;
  readonly deserializer: Deserializer | undefined;
}

/** Names of the payload options. */
export const PAYLOAD_NAMES = namesOf<MqttPayloadOptions>({ codec: true, serializer: true, deserializer: true });

export function checkPayload(checks: OptionChecks, { codec, serializer, deserializer }: MqttPayloadOptions): void {
  checks.methods('codec', codec, ['encode', 'decode']);
  checks.methods('serializer', serializer, ['serialize']);
  checks.methods('deserializer', deserializer, ['deserialize']);
}
