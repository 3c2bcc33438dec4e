import type { INestApplicationContext } from '@nestjs/common';
import { exploreApplication } from '../../module/explored-application.js';
import { SchemaLibrary } from '../schemas/schema-library.js';
import type { AsyncApiDocument, AsyncApiInfo } from './async-api-document.js';
import { Brokers } from './brokers.js';
import { Channels } from './channels.js';
import { addClientOperation } from './client-operations.js';
import { compare, describedHandlers, schemaSourcesOf } from './described-handler.js';
import { addHandlerOperations, type Drafts } from './handler-operations.js';
import { Messages } from './messages.js';
import { sendingsOf, type SentTopics } from './sendings.js';
import { UniqueNames } from './unique-names.js';

/** Options of {@link MqttAsyncApi.createDocument}. */
export interface AsyncApiOptions {
  /**
   * Topics that clients publish to, with schemas. Publishers (`client.publisher()`) in fields of controllers and providers are found
   * automatically.
   */
  topics?: SentTopics;
}

/** Creates the document; see {@link MqttAsyncApi.createDocument}. */
export async function createDocument(
  app: INestApplicationContext,
  info: AsyncApiInfo,
  { topics = {} }: AsyncApiOptions = {},
): Promise<AsyncApiDocument> {
  const application = exploreApplication(app);
  const brokers = new Brokers(application);
  const handlers = describedHandlers(application, brokers);
  const sent = Object.values(topics).flatMap(({ event, request, reply }) => [event, request, reply]);
  const sources = [...handlers.flatMap(schemaSourcesOf), ...sent].filter((source) => source !== undefined);
  const schemas = await SchemaLibrary.of(sources);
  const channels = new Channels();
  const drafts: Drafts = { channels, messages: new Messages(schemas), names: new UniqueNames('_'), operations: {} };
  for (const described of handlers) addHandlerOperations(described, drafts);
  for (const sending of sendingsOf(application, topics, brokers)) addClientOperation(sending, drafts);
  for (const channel of Object.values(channels.all)) channel.messages = sorted(channel.messages);
  const document: AsyncApiDocument = {
    asyncapi: '3.0.0',
    info,
    defaultContentType: 'application/json',
    servers: sorted(brokers.servers),
    channels: sorted(channels.all),
    operations: sorted(drafts.operations),
    components: { schemas: sorted(schemas.components) },
  };
  return JSON.parse(JSON.stringify(document)) as AsyncApiDocument; // removes undefined values and shared references
}

/** Sorts by name, so that the order of the application's parts causes no diffs. */
function sorted<T>(named: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(named).toSorted(([a], [b]) => compare(a, b)));
}
