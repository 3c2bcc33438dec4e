import { PayloadDecodeError } from '../errors/payload-decode.error.js';
import { RemoteError } from '../errors/remote.error.js';
import { StreamGapError } from '../errors/stream-gap.error.js';
import type { PublishPacket, UserProperties } from '../protocol/application-message.js';
import type { MqttCodec } from '../protocol/codec.js';
import { NestProperty, nestProperty, parseStreamPosition } from '../serialization/wire-contract.js';
import type { MqttReply } from './mqtt-reply.js';
import type { PendingRequest } from './pending-request.js';

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/** Reads a reply by the wire contract, and tells its request. */
export function deliverReply(
  request: PendingRequest,
  topic: string,
  payload: Buffer,
  packet: PublishPacket,
  codec: MqttCodec,
): void {
  const userProperties = packet.properties?.userProperties;
  if (userProperties === undefined) {
    deliverValue(request, topic, payload, packet, codec, (reply) => request.single(reply));
    return;
  }
  const errorCode = nestProperty(userProperties, NestProperty.error);
  if (errorCode !== undefined) {
    request.fail(remoteError(request, errorCode, payload));
    return;
  }
  const mark = nestProperty(userProperties, NestProperty.stream);
  const position = mark === undefined ? undefined : parseStreamPosition(mark);
  if (!position) {
    deliverValue(request, topic, payload, packet, codec, (reply) => request.single(reply));
    return;
  }
  if (position.index < request.nextIndex) return; // a duplicate of a value that came already
  if (position.index > request.nextIndex) {
    request.fail(new StreamGapError(request.topic, request.nextIndex, position.index));
    return;
  }
  request.controlTopic ??= nestProperty(userProperties, NestProperty.control);
  if (position.end === 'end') {
    request.complete(replyOf(undefined, topic, packet));
    return;
  }
  request.nextIndex++;
  deliverValue(request, topic, payload, packet, codec, (reply) => {
    request.next(reply);
    if (position.end === 'last') request.complete();
  });
}

function deliverValue(
  request: PendingRequest,
  topic: string,
  payload: Buffer,
  packet: PublishPacket,
  codec: MqttCodec,
  deliver: (reply: MqttReply) => void,
): void {
  const contentType = packet.properties?.contentType;
  let data: unknown;
  try {
    data = codec.decode(payload, { contentType, topic });
  } catch (cause) {
    request.fail(new PayloadDecodeError(topic, contentType, { cause }));
    return;
  }
  deliver(replyOf(data, topic, packet));
}

/** A reply as the caller gets it. */
export function replyOf(data: unknown, topic: string, packet: PublishPacket): MqttReply {
  const { contentType, correlationData, userProperties = NO_USER_PROPERTIES } = packet.properties ?? {};
  return { data, topic, userProperties, contentType, correlationData, packet };
}

function remoteError({ topic }: PendingRequest, code: string, payload: Buffer): RemoteError {
  let data: unknown;
  try {
    data = JSON.parse(payload.toString());
  } catch {
    data = payload.toString(); // the code alone says that it failed
  }
  return new RemoteError(code, data, topic);
}
