import type { MqttCodec } from '../../protocol/codec.js';
import { DeadLetterProperty } from '../../serialization/dead-letter-message.js';
import type { JsonSchema, SchemaSource } from '../schemas/json-schema.js';
import type { SchemaLibrary } from '../schemas/schema-library.js';
import type { Side } from '../schemas/standard-json-schema.js';
import { mqttBinding, type AsyncApiMessage } from './async-api-document.js';
import { contentTypeOf } from './content-type.js';
import type { DescribedHandler } from './described-handler.js';

/** The parts of a message. */
export interface MessageParts {
  /** Names the message, and its schemas if they must be components. */
  readonly id: string;
  readonly protocolVersion: 4 | 5;
  readonly payload?: JsonSchema | undefined;
  readonly codec?: MqttCodec | undefined;
  readonly contentType?: string | undefined;
  readonly headers?: JsonSchema | undefined;
  readonly examples?: readonly unknown[] | undefined;
  /** Whether the message is a request. */
  readonly isRequest?: boolean;
}

/** Creates the messages of a document. */
export class Messages {
  constructor(private readonly schemas: SchemaLibrary) {}

  /** The message that a handler receives. */
  received(described: DescribedHandler, id: string): AsyncApiMessage {
    const { handler, server, doc, broker } = described;
    return messageOf({
      id,
      protocolVersion: broker.protocolVersion,
      payload: this.payloadOf(described, id),
      codec: handler.options.codec ?? server.codec,
      contentType: doc.contentType,
      headers: this.schemas.schemaOf(doc.headers, `${id}_headers`),
      examples: doc.examples,
      isRequest: handler.kind === 'request',
    });
  }

  /** The message that a handler returns. @param codec of a `@PublishTo` target */
  returned({ handler, server, reply, broker }: DescribedHandler, id: string, codec?: MqttCodec): AsyncApiMessage {
    return messageOf({
      id,
      protocolVersion: broker.protocolVersion,
      payload: this.schema(reply, id, 'output'),
      codec: codec ?? handler.options.codec ?? server.codec,
    });
  }

  /** The dead letter of a message that a handler receives. */
  deadLetter(described: DescribedHandler, id: string): AsyncApiMessage {
    const { correlationId: _correlationId, bindings: _bindings, ...message } = this.received(described, id);
    const { headers, name } = message;
    if (described.broker.protocolVersion === 4) return { name, contentType: 'application/json', payload: LETTER_JSON };
    return { ...message, headers: withGivenUp(headers) };
  }

  schema(source: SchemaSource | undefined, id: string, side: Side = 'input'): JsonSchema | undefined {
    return this.schemas.schemaOf(source, `${id}_payload`, side);
  }

  private payloadOf({ payload }: DescribedHandler, id: string): JsonSchema | undefined {
    const whole = payload.find(({ property }) => property === undefined);
    if (whole) return this.schema(whole.source, id);
    const properties = payload.map(
      ({ source, property }) => [property!, this.schemas.schemaOf(source, `${id}_${property}`) ?? true] as const,
    );
    return properties.length > 0 ? { type: 'object', properties: Object.fromEntries(properties) } : undefined;
  }
}

export function messageOf(parts: MessageParts): AsyncApiMessage {
  const { payload, codec, protocolVersion, isRequest = false, headers, examples } = parts;
  const contentType = parts.contentType ?? contentTypeOf(codec, payload);
  const bindings = protocolVersion === 5 ? bindingOf(contentType, isRequest) : undefined;
  return {
    name: classOf(payload, parts.id) ?? parts.id,
    ...(contentType !== undefined && { contentType }),
    ...(headers !== undefined && { headers }),
    ...(payload !== undefined && { payload }),
    ...(protocolVersion === 5 && isRequest && { correlationId: { location: '$message.header#/correlationData' } }),
    ...(examples && examples.length > 0 && { examples: examples.map((example) => ({ payload: example })) }),
    ...(bindings && { bindings }),
  };
}

function bindingOf(contentType: string | undefined, isRequest: boolean): AsyncApiMessage['bindings'] {
  return mqttBinding({
    contentType,
    correlationData: isRequest ? { type: 'string', format: 'binary' } : undefined,
    responseTopic: isRequest ? { type: 'string' } : undefined,
  });
}

/** Name of the payload's class; undefined if the payload is not a class, or is a component of this message only. */
function classOf(payload: JsonSchema | undefined, id: string): string | undefined {
  const reference = typeof payload === 'object' ? payload['$ref'] : undefined;
  const name = typeof reference === 'string' ? reference.split('/').at(-1)! : id;
  return name.startsWith(id) ? undefined : name;
}

const GIVEN_UP = {
  [DeadLetterProperty.reason]: { type: 'string', description: 'Why the message was given up' },
  [DeadLetterProperty.topic]: { type: 'string', description: 'Topic of the message' },
  [DeadLetterProperty.attempts]: { type: 'string', description: 'How often the handler ran' },
  [DeadLetterProperty.time]: { type: 'string', format: 'date-time', description: 'When the message was given up' },
  [DeadLetterProperty.pattern]: { type: 'string', description: 'Pattern of the handler' },
};

/** On 3.1.1 a dead letter is JSON with the message in a field. */
const LETTER_JSON: JsonSchema = {
  type: 'object',
  required: ['nestDeadLetter', 'time', 'topic', 'qos', 'pattern', 'attempts', 'reason'],
  properties: {
    nestDeadLetter: { const: 1 },
    time: { type: 'string', format: 'date-time', description: 'When the message was given up' },
    topic: { type: 'string', description: 'Topic of the message' },
    qos: { enum: [0, 1, 2] },
    pattern: { type: 'string', description: 'Pattern of the handler' },
    group: { type: 'string', description: 'Group of the Shared Subscription' },
    handler: { type: 'string', description: 'Class and method' },
    attempts: { type: 'integer', description: 'How often the handler ran' },
    replays: { type: 'integer', description: 'How often it has been replayed' },
    reason: { type: 'string', description: 'Why the message was given up' },
    error: { type: 'string', description: 'Name of the error' },
    payload: { type: 'string', description: 'Payload of the message, if it is UTF-8' },
    payloadBase64: {
      type: 'string',
      description: 'Payload of the message, if it is not UTF-8',
      contentEncoding: 'base64',
    },
  },
};

/** Merges the properties if possible: generators do not read `allOf`. */
function withGivenUp(headers: JsonSchema | undefined): JsonSchema {
  const known = typeof headers === 'object' ? headers['properties'] : undefined;
  if (typeof headers === 'object' && typeof known === 'object')
    return { ...headers, properties: { ...known, ...GIVEN_UP } };
  const givenUp = { type: 'object', properties: GIVEN_UP };
  return headers === undefined ? givenUp : { allOf: [headers, givenUp] };
}
