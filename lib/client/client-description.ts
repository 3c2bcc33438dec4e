import type { ResolvedClientOptions } from '../options/client-options.js';
import type { PublishDefaults } from '../options/publish-options.js';
import { describeConnection, type ConnectionDescription } from '../wire/connection/connection-description.js';

/** The configuration of a client. */
export interface ClientDescription {
  /** Connection options, without credentials. */
  readonly connection: ConnectionDescription;
  /** Defaults for requests and events. */
  readonly publishOptions: Readonly<PublishDefaults>;
  /** Topics of its option `topicTemplates`. */
  readonly topicTemplates: readonly string[];
}

export function describeClient({
  connection,
  publishOptions,
  topicTemplates,
}: ResolvedClientOptions): ClientDescription {
  return { connection: describeConnection(connection), publishOptions, topicTemplates };
}
