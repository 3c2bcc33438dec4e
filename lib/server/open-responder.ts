import { nestReplyTopic } from '../serialization/nest-envelope.js';
import type { HandlerRuntime } from './handler-runtime.js';
import type { ReceivedMessage } from './received-message.js';
import { BareReplyEncoder, NestReplyEncoder, PlainReplyEncoder } from './reply-encoder.js';
import type { ReplyTarget } from './reply-target.js';
import { Responder, type Replying } from './responder.js';
import type { ServerServices } from './server-services.js';

/**
 * Where the replies to a message go; undefined when nobody asked for one, or the handler does not reply.
 *
 * @param envelopeId set when the request came in Nest's envelope: it is answered in the format that it was asked in
 */
export function replyTargetOf(
  message: ReceivedMessage,
  runtime: HandlerRuntime,
  envelopeId: string | undefined,
): ReplyTarget | undefined {
  const { isEventHandler, options } = runtime;
  if (isEventHandler || options.noReply) return undefined;
  const { topic: requestTopic, packet, expiresAt } = message;
  const { properties, qos } = packet;
  const topic =
    envelopeId === undefined ? (properties?.responseTopic ?? options.responseTopic) : nestReplyTopic(requestTopic);
  if (topic === undefined) return undefined;
  return { topic, requestTopic, correlationData: properties?.correlationData, qos, expiresAt, envelopeId };
}

export function openResponder(
  target: ReplyTarget,
  runtime: HandlerRuntime,
  services: ServerServices,
  owner: Replying,
): Responder {
  const { send, logger } = services;
  const { requestTopic, envelopeId, correlationData } = target;
  if (envelopeId !== undefined) {
    const encoder = new NestReplyEncoder(target, runtime.replyDefaults, services.protocolVersion);
    return new Responder(requestTopic, encoder, send, logger, owner);
  }
  if (services.protocolVersion === 4) {
    return new Responder(requestTopic, new BareReplyEncoder(target, runtime.replyDefaults), send, logger, owner);
  }
  const streams = correlationData && services.streams; // a caller cancels by Correlation Data, which only 5.0 has
  const encoder = new PlainReplyEncoder(target, runtime.replyDefaults, streams);
  return new Responder(requestTopic, encoder, send, logger, owner, streams);
}
