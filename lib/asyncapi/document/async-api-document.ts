import type { JsonSchema } from '../schemas/json-schema.js';

/** Info Object: metadata of the application. */
export interface AsyncApiInfo {
  title: string;
  /** Version of the application. */
  version: string;
  /** In CommonMark. */
  description?: string;
  termsOfService?: string;
  contact?: { name?: string; url?: string; email?: string };
  license?: { name: string; url?: string };
  tags?: { name: string; description?: string }[];
  externalDocs?: { url: string; description?: string };
  [extension: `x-${string}`]: unknown;
}

/** Reference to another part of the document. */
export interface Reference {
  $ref: string;
}

/** MQTT bindings, version 0.2.0. */
export interface MqttBinding {
  mqtt: { bindingVersion: '0.2.0'; [field: string]: unknown };
}

/** Server Object: an endpoint of a broker. */
export interface AsyncApiServer {
  host: string;
  pathname?: string;
  protocol: string;
  protocolVersion: string;
  security?: { type: string; description?: string }[];
  bindings: MqttBinding;
}

/** Parameter Object: a variable part of a channel's address. */
export interface AsyncApiParameter {
  description?: string;
  enum?: string[];
  [extension: `x-${string}`]: unknown;
}

/** Message Object. */
export interface AsyncApiMessage {
  name?: string;
  title?: string;
  summary?: string;
  contentType?: string;
  headers?: JsonSchema;
  payload?: JsonSchema;
  correlationId?: { location: string };
  examples?: { payload: unknown }[];
  bindings?: MqttBinding;
}

/** Channel Object: a topic, or all topics of a Topic Filter. */
export interface AsyncApiChannel {
  /** `null` when each request names the topic (the Response Topic). */
  address: string | null;
  servers?: Reference[];
  parameters?: Record<string, AsyncApiParameter>;
  messages: Record<string, AsyncApiMessage>;
}

/** Operation Reply Object. */
export interface AsyncApiReply {
  address?: { location: string; description?: string };
  channel: Reference;
  messages: Reference[];
}

/** Operation Object: the application sends to a channel or receives from it. */
export interface AsyncApiOperation {
  action: 'receive' | 'send';
  channel: Reference;
  title?: string;
  summary?: string;
  messages: Reference[];
  reply?: AsyncApiReply;
  bindings?: MqttBinding;
  [extension: `x-${string}`]: unknown;
}

/** An AsyncAPI document, as {@link MqttAsyncApi.createDocument} returns it. */
export interface AsyncApiDocument {
  asyncapi: '3.0.0';
  info: AsyncApiInfo;
  defaultContentType: string;
  servers: Record<string, AsyncApiServer>;
  channels: Record<string, AsyncApiChannel>;
  operations: Record<string, AsyncApiOperation>;
  components: { schemas: Record<string, JsonSchema> };
}

/** @param path from the root of the document */
export function referenceTo(...path: readonly string[]): Reference {
  return { $ref: `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}` };
}

/** An MQTT binding without undefined fields; undefined if no field is left. */
export function mqttBinding(fields: Readonly<Record<string, unknown>>): MqttBinding | undefined {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return known.length > 0 ? { mqtt: { ...Object.fromEntries(known), bindingVersion: '0.2.0' } } : undefined;
}
