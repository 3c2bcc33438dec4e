import type { MessageProperties, OutgoingMessage } from '../protocol/application-message.js';

/** A reply as JSON, with bytes in base64. */
interface StoredReply extends Omit<OutgoingMessage, 'payload' | 'properties'> {
  readonly text?: string;
  readonly bytes?: string;
  readonly properties?: Omit<MessageProperties, 'correlationData'> & { readonly correlationData?: string };
}

/** Serializes replies, for stores of text. */
export function writeReplies(replies: readonly OutgoingMessage[]): string {
  return JSON.stringify(replies.map(toStored));
}

/** Parses the text of {@link writeReplies}. @throws SyntaxError, TypeError when it is invalid */
export function readReplies(text: string): OutgoingMessage[] {
  return (JSON.parse(text) as StoredReply[]).map(fromStored);
}

function toStored({ payload, properties, ...reply }: OutgoingMessage): StoredReply {
  const { correlationData, ...others } = properties ?? {};
  return {
    ...reply,
    ...(typeof payload === 'string' ? { text: payload } : { bytes: base64(payload) }),
    ...(properties && {
      properties: correlationData ? { ...others, correlationData: base64(correlationData) } : others,
    }),
  };
}

function fromStored({ text, bytes, properties, ...reply }: StoredReply): OutgoingMessage {
  const { correlationData, ...others } = properties ?? {};
  return {
    ...reply,
    payload: text ?? Buffer.from(bytes!, 'base64'),
    ...(properties && {
      properties:
        correlationData === undefined ? others : { ...others, correlationData: Buffer.from(correlationData, 'base64') },
    }),
  };
}

/** A codec may return a Uint8Array that is not a Buffer. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
