import type { ExploredApplication } from '../../module/explored-application.js';
import type { HandlerDescription } from '../../routing/handler-description.js';
import type { JsonSchema } from '../schemas/json-schema.js';
import { SchemaLibrary } from '../schemas/schema-library.js';
import type { AsyncApiMessage } from './async-api-document.js';
import { Brokers } from './brokers.js';
import { describedHandlers, operationName, schemaSourcesOf } from './described-handler.js';
import { Messages } from './messages.js';
import { UniqueNames } from './unique-names.js';

/** The messages that handlers receive, with the summaries of their operations. */
export class HandlerMessages {
  private constructor(
    private readonly messages: ReadonlyMap<object, ReadonlyMap<string, AsyncApiMessage>>,
    /** Schemas that payloads refer to. */
    readonly components: Readonly<Record<string, JsonSchema>>,
  ) {}

  static async of(application: ExploredApplication): Promise<HandlerMessages> {
    const handlers = describedHandlers(application, new Brokers(application));
    const schemas = await SchemaLibrary.of(handlers.flatMap(schemaSourcesOf));
    const messages = new Messages(schemas);
    const names = new UniqueNames('_');
    const byMethod = new Map<object, Map<string, AsyncApiMessage>>();
    for (const described of handlers) {
      const { method, pattern } = described.handler;
      const ofMethod = byMethod.get(method) ?? new Map<string, AsyncApiMessage>();
      const id = names.take(operationName(described, pattern));
      const { summary } = described.doc;
      ofMethod.set(pattern, { ...messages.received(described, id), ...(summary !== undefined && { summary }) });
      byMethod.set(method, ofMethod);
    }
    return new HandlerMessages(byMethod, schemas.components);
  }

  /** Undefined if the handler is hidden. */
  of({ method, pattern }: Pick<HandlerDescription, 'method' | 'pattern'>): AsyncApiMessage | undefined {
    return this.messages.get(method)?.get(pattern);
  }
}
