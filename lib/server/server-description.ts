import type { Transport } from '@nestjs/microservices';
import type { PublishDefaults } from '../options/publish-options.js';
import type { ResolvedServerOptions } from '../options/server-options.js';
import type { MqttCodec } from '../protocol/codec.js';
import { describeHandler, type HandlerDescription } from '../routing/handler-description.js';
import type { HandlerRegistry } from '../routing/handler-registry.js';
import type { Handler } from '../routing/handler.js';
import { describeConnection, type ConnectionDescription } from '../wire/connection/connection-description.js';

/** The configuration of a server and its handlers. */
export interface ServerDescription {
  /** The transport id by which Nest assigns handlers to the server. */
  readonly transportId: Transport | symbol;
  /** Connection options, without credentials. */
  readonly connection: ConnectionDescription;
  /** Defaults for replies and `@PublishTo` results. */
  readonly publishOptions: Readonly<PublishDefaults>;
  /** Codec of handlers without their own; undefined for the default codec. */
  readonly codec: MqttCodec | undefined;
  /** Handlers, in the order in which Nest registered them. */
  readonly handlers: readonly HandlerDescription[];
}

/** @throws the errors of {@link handlersOf} */
export function describeServer(
  transportId: Transport | symbol,
  options: ResolvedServerOptions,
  registry: HandlerRegistry,
): ServerDescription {
  return {
    transportId,
    connection: describeConnection(options.connection),
    publishOptions: options.publishOptions,
    codec: options.codec,
    handlers: handlersOf(registry, options).map(describeHandler),
  };
}

/**
 * @param warn receives warnings about options that have no effect
 * @throws InvalidOptionsError, InvalidTopicError, DuplicateHandlerError when handlers are invalid
 */
export function handlersOf(
  registry: HandlerRegistry,
  { subscribeOptions, connection: { protocolVersion, strippedPrefixes } }: ResolvedServerOptions,
  warn?: (line: string) => void,
): Handler[] {
  return registry.resolve({ subscribeOptions, strippedPrefixes, protocolVersion, ...(warn && { warn }) });
}
