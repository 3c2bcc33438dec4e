export type {
  AsyncApiChannel,
  AsyncApiDocument,
  AsyncApiInfo,
  AsyncApiMessage,
  AsyncApiOperation,
  AsyncApiParameter,
  AsyncApiReply,
  AsyncApiServer,
  MqttBinding,
  Reference,
} from './document/async-api-document.js';
export type { AsyncApiOptions } from './document/create-document.js';
export type { SentTopic, SentTopics } from './document/sendings.js';
export { MqttAsyncApi } from './mqtt-async-api.js';
export { MqttDoc, type MqttDocOptions } from './mqtt-doc.decorator.js';
export type { AsyncApiPageOptions, PageGuard } from './page/setup-page.js';
export type { JsonSchema, SchemaSource, StandardJsonSchema, StandardSchema } from './schemas/json-schema.js';
