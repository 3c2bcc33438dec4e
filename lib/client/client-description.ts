import type { ResolvedClientOptions } from '../options/client-options.js';
import type { PublishDefaults } from '../options/publish-options.js';
import { describeConnection, type ConnectionDescription } from '../wire/connection/connection-description.js';

/** What a client says about itself, before any message. */
export interface ClientDescription {
  /** How it reaches its broker. */
  readonly connection: ConnectionDescription;
  /** Defaults for requests and events. */
  readonly publishOptions: Readonly<PublishDefaults>;
  /** Topics that its options declare. */
  readonly topicTemplates: readonly string[];
}

export function describeClient({
  connection,
  publishOptions,
  topicTemplates,
}: ResolvedClientOptions): ClientDescription {
  return { connection: describeConnection(connection), publishOptions, topicTemplates };
}
