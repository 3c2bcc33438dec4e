import type { Deserializer, Serializer } from '@nestjs/microservices';
import type { MqttCodec } from '../protocol/codec.js';
import type { OptionChecks } from './option-checks.js';
import { namesOf } from './option-names.js';

/** How values become payloads, and payloads values: for servers and for clients. */
export interface MqttPayloadOptions {
  /** Encodes and decodes payloads. Default: JSON, text and bytes, told apart by Content Type. */
  codec?: MqttCodec;
  /** Nest's way to change what is sent, given packets of Nest's; it must not return a promise. Default: none, the codec alone. */
  serializer?: Serializer;
  /** Nest's way to change what comes, which it gets parsed; it must not return a promise. Default: none, the codec alone. */
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
