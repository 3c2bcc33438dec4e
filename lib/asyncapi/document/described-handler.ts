import type { ExploredApplication, MethodSource } from '../../module/explored-application.js';
import type { HandlerDescription } from '../../routing/handler-description.js';
import type { ServerDescription } from '../../server/server-description.js';
import { docOf, type MqttDocOptions } from '../mqtt-doc.decorator.js';
import { payloadTypesOf, returnTypeOf, type PayloadType } from '../schemas/handler-types.js';
import type { SchemaSource } from '../schemas/json-schema.js';
import type { Broker, Brokers } from './brokers.js';

/** A handler with its documentation. */
export interface DescribedHandler {
  readonly broker: Broker;
  readonly server: ServerDescription;
  readonly handler: HandlerDescription;
  /** `Class.method`; undefined if it is not a method of a controller. */
  readonly place: string | undefined;
  /** Number of the pattern among those of the method, from 1. */
  readonly pattern: number;
  readonly doc: MqttDocOptions;
  readonly payload: readonly PayloadType[];
  readonly reply: SchemaSource | undefined;
}

/** The handlers of all servers, without hidden ones, in an order that does not depend on the order of modules and methods. */
export function describedHandlers({ servers, methods }: ExploredApplication, brokers: Brokers): DescribedHandler[] {
  return servers
    .flatMap((instance) => {
      const server = instance.describe();
      const broker = brokers.of(instance)!;
      const patterns = new Map<object, number>();
      return server.handlers.map((handler) => {
        const pattern = (patterns.get(handler.extras) ?? 0) + 1;
        patterns.set(handler.extras, pattern);
        return describe(handler, methods.get(handler.extras), { broker, server, pattern });
      });
    })
    .filter(({ doc }) => doc.hide !== true)
    .toSorted((a, b) => compare(keyOf(a), keyOf(b)));
}

/** Name of the operation. It is stable when modules are reordered or the method gets further patterns. */
export function operationName({ broker, place, pattern }: DescribedHandler, otherwise: string): string {
  if (place === undefined) return otherwise;
  return `${broker.prefix}${place}${pattern === 1 ? '' : `_${pattern}`}`;
}

/** The sources of the handler's schemas. */
export function schemaSourcesOf({ payload, reply, doc }: DescribedHandler): SchemaSource[] {
  return [...payload.map(({ source }) => source), reply, doc.headers].filter((source) => source !== undefined);
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b); // by code unit, independent of the locale
}

function describe(
  handler: HandlerDescription,
  source: MethodSource | undefined,
  at: Pick<DescribedHandler, 'broker' | 'server' | 'pattern'>,
): DescribedHandler {
  const doc = docOf(source?.method);
  return {
    ...at,
    handler,
    place: source && `${source.controller.name}.${source.name}`,
    doc,
    payload: doc.payload === undefined ? (source ? payloadTypesOf(source) : []) : [whole(doc.payload)],
    reply: doc.reply ?? (source && returnTypeOf(source)),
  };
}

function whole(source: SchemaSource): PayloadType {
  return { source, property: undefined };
}

function keyOf({ broker, handler, place }: DescribedHandler): string {
  return JSON.stringify([broker.name, handler.filter, handler.kind, place, handler.pattern]);
}
