import type { MessageProperties, QoS } from '../../../../lib/protocol/application-message.js';
import { InboundMessage } from '../../../../lib/wire/inbound/inbound-message.js';
import type { Writer } from '../../../../lib/wire/outbound/writer.js';

interface RequestParts {
  readonly topic?: string;
  readonly qos?: QoS;
  readonly correlationData?: Buffer | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** A request as it comes off the wire, which keeps its decision to itself. */
export function requestOf({ topic = 'request', qos = 0, correlationData, expiresAt = Infinity }: RequestParts) {
  const properties: MessageProperties = {
    ...(correlationData && { correlationData }),
    ...(expiresAt !== Infinity && { messageExpiryInterval: (expiresAt - Date.now()) / 1_000 }),
  };
  const packet = { topic, payload: Buffer.alloc(0), qos, retain: false, dup: false, messageId: 1, properties };
  return new InboundMessage(packet, {} as Writer, { decided: () => {} });
}
