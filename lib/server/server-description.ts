import type { Transport } from '@nestjs/microservices';
import type { PublishDefaults } from '../options/publish-options.js';
import type { ResolvedServerOptions } from '../options/server-options.js';
import type { MqttCodec } from '../protocol/codec.js';
import { describeHandler, type HandlerDescription } from '../routing/handler-description.js';
import type { HandlerRegistry } from '../routing/handler-registry.js';
import type { Handler } from '../routing/handler.js';
import { describeConnection, type ConnectionDescription } from '../wire/connection/connection-description.js';

/** What a server serves, and where: what its options and its handlers say, before any message. */
export interface ServerDescription {
  /** By which handlers choose their server, the way Nest tells transports apart. */
  readonly transportId: Transport | symbol;
  /** How it reaches its broker. */
  readonly connection: ConnectionDescription;
  /** Defaults for replies and `@PublishTo` results. */
  readonly publishOptions: Readonly<PublishDefaults>;
  /** Codec of handlers that have none of their own; undefined where it is the default one. */
  readonly codec: MqttCodec | undefined;
  /** In the order in which Nest registered them. */
  readonly handlers: readonly HandlerDescription[];
}

/** @throws what {@link handlersOf} throws */
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
 * @param warn told what is allowed, and yet does nothing
 * @throws InvalidOptionsError, InvalidTopicError, DuplicateHandlerError when the handlers cannot be served
 */
export function handlersOf(
  registry: HandlerRegistry,
  { subscribeOptions, connection: { protocolVersion, strippedPrefixes } }: ResolvedServerOptions,
  warn?: (line: string) => void,
): Handler[] {
  return registry.resolve({ subscribeOptions, strippedPrefixes, protocolVersion, ...(warn && { warn }) });
}
