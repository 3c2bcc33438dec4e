import { PayloadDecodeError } from '../../errors/payload-decode.error.js';
import { RemoteError } from '../../errors/remote.error.js';
import { StreamGapError } from '../../errors/stream-gap.error.js';
import type { PublishPacket, UserProperties } from '../../protocol/application-message.js';
import type { MqttCodec } from '../../protocol/codec.js';
import {
  NestProperty,
  nestProperty,
  parseStreamPosition,
  type StreamPosition,
} from '../../serialization/wire-contract.js';
import { streamOf } from './reply-streams.js';
import type { Request } from '../requests/request.js';

/** Decodes a reply according to the wire contract, and passes it to its request. */
export function deliverReply(request: Request, packet: PublishPacket, codec: MqttCodec): void {
  const userProperties = packet.properties?.userProperties;
  if (userProperties !== undefined) {
    const errorCode = nestProperty(userProperties, NestProperty.error);
    if (errorCode !== undefined) {
      const responder = nestProperty(userProperties, NestProperty.responder);
      request.failedRemotely(remoteError(request, errorCode, packet.payload), responder);
      return;
    }
    const mark = nestProperty(userProperties, NestProperty.stream);
    const position = mark === undefined ? undefined : parseStreamPosition(mark);
    if (position) {
      deliverStreamed(request, packet, codec, userProperties, position);
      return;
    }
  }
  const value = valueOf(request, packet, codec);
  if (value !== FAILED) request.single(value, packet);
}

function deliverStreamed(
  request: Request,
  packet: PublishPacket,
  codec: MqttCodec,
  userProperties: UserProperties,
  { index, end }: StreamPosition,
): void {
  const responder = nestProperty(userProperties, NestProperty.responder);
  const controlTopic = nestProperty(userProperties, NestProperty.control);
  const stream = streamOf((request.streams ??= []), responder, controlTopic, index);
  if (index < stream.nextIndex) return; // a duplicate
  if (index > stream.nextIndex) {
    request.fail(new StreamGapError(request.topic, stream.nextIndex, index));
    return;
  }
  stream.ended = end !== 'more';
  if (end === 'end') {
    request.complete(packet);
    return;
  }
  stream.nextIndex++;
  const value = valueOf(request, packet, codec);
  if (value === FAILED) return;
  request.next(value, packet);
  if (end === 'last') request.complete();
}

/** Marks a value that could not be decoded. */
const FAILED = Symbol('failed');

/** The decoded payload; {@link FAILED} when the codec throws, in which case the request has already ended with the error. */
function valueOf(request: Request, { topic, payload, properties }: PublishPacket, codec: MqttCodec): unknown {
  const contentType = properties?.contentType;
  try {
    return codec.decode(payload, { contentType, topic });
  } catch (cause) {
    request.fail(new PayloadDecodeError(topic, contentType, { cause }));
    return FAILED;
  }
}

function remoteError({ topic }: Request, code: string, payload: Buffer): RemoteError {
  let data: unknown;
  try {
    data = JSON.parse(payload.toString());
  } catch {
    data = payload.toString(); // the error object cannot be decoded: its text is used
  }
  return new RemoteError(code, data, topic);
}
