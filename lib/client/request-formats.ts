import type { ResolvedClientOptions } from '../options/client-options.js';
import type { MqttCodec } from '../protocol/codec.js';
import { EnvelopeRequestFormat } from './envelope-request-format.js';
import { FirstReplyFormat } from './first-reply-format.js';
import type { MessageComposer } from './message-composer.js';
import type { PendingRequests } from './pending-requests.js';
import { PlainRequestFormat } from './plain-request-format.js';
import type { RequestCall, RequestFormat } from './request-format.js';

/**
 * Which format a call is made in: plain on 5.0, Nest's envelope on 3.1.1, unless the options say otherwise. On 3.1.1 a call that
 * names its Response Topic means a peer that answers there, which one that speaks Nest's envelope does not.
 */
export function requestFormats(
  { envelope, connection }: Pick<ResolvedClientOptions, 'envelope' | 'connection'>,
  pending: PendingRequests,
  composer: MessageComposer,
  codec: MqttCodec,
  envelopeCodec: MqttCodec,
): (call: RequestCall) => RequestFormat {
  const inEnvelope = new EnvelopeRequestFormat(pending, composer, envelopeCodec);
  if (envelope === 'nest') return () => inEnvelope;
  if (connection.protocolVersion === 5) {
    const plain = new PlainRequestFormat(pending, composer, codec);
    return () => plain;
  }
  const firstReply = new FirstReplyFormat(pending, composer, codec);
  return ({ options }) => (envelope === 'plain' || options.responseTopic !== undefined ? firstReply : inEnvelope);
}
