import type { UserProperties } from '../protocol/application-message.js';
import { topicNameProblem } from '../protocol/topic-name.js';
import {
  checkConnection,
  DEFAULT_PROTOCOL_VERSION,
  resolveConnection,
  type MqttConnectionOptions,
  type ResolvedConnectionOptions,
} from './connection-options.js';
import { OptionChecks } from './option-checks.js';
import { checkPayload, type MqttPayloadOptions, type ResolvedPayloadOptions } from './payload-options.js';
import { checkPublish, checkUserPropertyNames, type PublishDefaults } from './publish-options.js';

/** Options of {@link ClientMqtt}. */
export interface MqttClientOptions extends MqttConnectionOptions, MqttPayloadOptions {
  /** Milliseconds from `send()` to its end: they cover connecting, queueing, the handler and the reply. Default 30_000. */
  requestTimeout?: number;
  /** Defaults for requests and events. Default `{ qos: 0 }`. */
  publishOptions?: PublishDefaults;
  /** First levels of the topic that replies come to. Default: the broker's Response Information where it gives one, else `reply`. */
  responseTopicPrefix?: string;
  /** Requests that may wait for their replies at once; more wait for room within their deadline. Default 10_000. */
  maxPendingRequests?: number;
  /** What becomes of messages while there is no connection. Default `'queue'`. */
  offline?: 'queue' | 'fail';
  /** Bound of the queue of messages that wait for a connection. Default 1_000. */
  maxQueuedMessages?: number;
  /** Wire format of what is sent: the plain value, or Nest's built-in envelope. Default: plain, but Nest's envelope for requests on 3.1.1. */
  envelope?: 'plain' | 'nest';
  /** User Properties of every message, beside those of the message itself (5.0). */
  userProperties?: UserProperties;
}

/** Client options after validation: complete, private copies, never written to. */
export interface ResolvedClientOptions extends ResolvedPayloadOptions {
  readonly connection: ResolvedConnectionOptions;
  readonly requestTimeoutMs: number;
  readonly publishOptions: Readonly<PublishDefaults>;
  readonly responseTopicPrefix: string | undefined;
  readonly maxPendingRequests: number;
  readonly offline: 'queue' | 'fail';
  readonly maxQueuedMessages: number;
  readonly envelope: 'plain' | 'nest' | undefined;
  readonly userProperties: Readonly<UserProperties> | undefined;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_PENDING_REQUESTS = 10_000;
const DEFAULT_MAX_QUEUED_MESSAGES = 1_000;
/** Longest delay that a timer takes. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** @throws InvalidOptionsError that lists every problem */
export function resolveClientOptions(options: MqttClientOptions = {}): ResolvedClientOptions {
  const {
    requestTimeout,
    publishOptions,
    responseTopicPrefix,
    maxPendingRequests,
    offline,
    maxQueuedMessages,
    envelope,
    userProperties,
    codec,
    serializer,
    deserializer,
    ...connectionOptions
  } = options;
  check(options);
  return Object.freeze({
    connection: resolveConnection(withResponseInformation(connectionOptions)),
    requestTimeoutMs: requestTimeout ?? DEFAULT_REQUEST_TIMEOUT_MS,
    publishOptions: Object.freeze({ ...publishOptions }),
    responseTopicPrefix,
    maxPendingRequests: maxPendingRequests ?? DEFAULT_MAX_PENDING_REQUESTS,
    offline: offline ?? 'queue',
    maxQueuedMessages: maxQueuedMessages ?? DEFAULT_MAX_QUEUED_MESSAGES,
    envelope,
    userProperties: userProperties && Object.freeze({ ...userProperties }),
    codec,
    serializer,
    deserializer,
  });
}

function check(options: MqttClientOptions): void {
  const checks = new OptionChecks();
  const version = options.protocolVersion ?? DEFAULT_PROTOCOL_VERSION;
  checkConnection(checks, options);
  checkPublish(checks, 'publishOptions', options.publishOptions, version);
  checks.integer('requestTimeout', options.requestTimeout, { min: 1, max: MAX_TIMEOUT_MS });
  checks.integer('maxPendingRequests', options.maxPendingRequests, { min: 1, infinite: true });
  checks.oneOf('offline', options.offline, ['queue', 'fail']);
  checks.integer('maxQueuedMessages', options.maxQueuedMessages, { min: 0, infinite: true });
  checks.oneOf('envelope', options.envelope, ['plain', 'nest']);
  checkPayload(checks, options);
  checks.wellFormed(
    'responseTopicPrefix',
    options.responseTopicPrefix,
    topicNameProblem,
    'Give the first levels of a topic, such as "reply"',
  );
  if (checks.object('userProperties', options.userProperties))
    checkUserPropertyNames(checks, 'userProperties', options.userProperties);
  if (options.userProperties && version === 4) {
    checks.report('userProperties', 'MQTT 3.1.1 does not have them', 'Remove them, or use protocolVersion 5');
  }
  checks.done();
}

/** Asks the broker where replies may go (section 3.1.2.11.6), unless the options say so already. */
function withResponseInformation(options: MqttConnectionOptions): MqttConnectionOptions {
  if ((options.protocolVersion ?? DEFAULT_PROTOCOL_VERSION) !== 5) return options;
  return { ...options, properties: { requestResponseInformation: true, ...options.properties } };
}
