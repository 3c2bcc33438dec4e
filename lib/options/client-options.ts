import type { UserProperties } from '../protocol/application-message.js';
import { topicNameProblem } from '../protocol/topic-name.js';
import {
  checkConnection,
  CONNECTION_NAMES,
  DEFAULT_PROTOCOL_VERSION,
  resolveConnection,
  type MqttConnectionOptions,
  type ResolvedConnectionOptions,
} from './connection-options.js';
import { AZURE_IOT_OPERATIONS, MESSAGE_FORMATS, type MqttMessageFormat } from './message-format.js';
import { OptionChecks } from './option-checks.js';
import { allNames, namesOf } from './option-names.js';
import {
  checkPayload,
  PAYLOAD_NAMES,
  type MqttPayloadOptions,
  type ResolvedPayloadOptions,
} from './payload-options.js';
import { checkPublish, copyPublishDefaults, PUBLISH_DEFAULT_NAMES, type PublishDefaults } from './publish-options.js';
import { OF_BOTH_ROLES, OF_CLIENTS, OF_SERVERS, otherRole } from './role-names.js';
import { checkUserProperties, copyUserProperties } from './user-properties.js';

/** Options of {@link ClientMqtt}. */
export interface MqttClientOptions extends MqttConnectionOptions, MqttPayloadOptions {
  /** Milliseconds from `send()` to its end: they cover connecting, queueing, the handler and the reply. `Infinity` for no end. Default 30_000. */
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
  /**
   * Milliseconds that `close()` waits until what was published is delivered or rejected; `Infinity` for as long as that takes.
   * Default 5_000.
   */
  gracefulTimeout?: number;
  /** Wire format of what is sent: the plain value, or Nest's built-in envelope. Default: plain, but Nest's envelope for requests on 3.1.1. */
  envelope?: 'plain' | 'nest';
  /**
   * What plain requests say of themselves, and how their replies are read (5.0). `'azure-iot-operations'`: what executors of Azure IoT
   * Operations ask for, and the failures that they tell end a request. Other responders are understood as well. Default `'plain'`.
   */
  requestFormat?: MqttMessageFormat;
  /** User Properties of every message, beside those of the message itself (5.0). */
  userProperties?: UserProperties;
  /**
   * Declared topics of what is sent, such as `devices/{deviceId}/set`: observers are told the first that matches a topic, and name spans
   * and label metrics by it, for there may be a topic for each device. Default none.
   */
  topicTemplates?: readonly string[];
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
  readonly gracefulTimeoutMs: number;
  readonly envelope: 'plain' | 'nest' | undefined;
  readonly requestFormat: MqttMessageFormat;
  readonly userProperties: Readonly<UserProperties> | undefined;
  readonly topicTemplates: readonly string[];
}

const CLIENT_NAMES = allNames(
  CONNECTION_NAMES,
  PAYLOAD_NAMES,
  namesOf<Omit<MqttClientOptions, keyof MqttConnectionOptions | keyof MqttPayloadOptions>>({
    ...OF_BOTH_ROLES,
    ...OF_CLIENTS,
  }),
);

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_PENDING_REQUESTS = 10_000;
const DEFAULT_MAX_QUEUED_MESSAGES = 1_000;
const DEFAULT_GRACEFUL_TIMEOUT_MS = 5_000;

/** @throws InvalidOptionsError that lists every problem */
export function resolveClientOptions(options: MqttClientOptions = {}): ResolvedClientOptions {
  const {
    requestTimeout,
    publishOptions,
    responseTopicPrefix,
    maxPendingRequests,
    offline,
    maxQueuedMessages,
    gracefulTimeout,
    envelope,
    requestFormat,
    userProperties,
    topicTemplates,
    codec,
    serializer,
    deserializer,
    ...connectionOptions
  } = options;
  check(options);
  return Object.freeze({
    connection: resolveConnection(withResponseInformation(connectionOptions)),
    requestTimeoutMs: requestTimeout ?? DEFAULT_REQUEST_TIMEOUT_MS,
    publishOptions: copyPublishDefaults(publishOptions),
    responseTopicPrefix,
    maxPendingRequests: maxPendingRequests ?? DEFAULT_MAX_PENDING_REQUESTS,
    offline: offline ?? 'queue',
    maxQueuedMessages: maxQueuedMessages ?? DEFAULT_MAX_QUEUED_MESSAGES,
    gracefulTimeoutMs: gracefulTimeout ?? DEFAULT_GRACEFUL_TIMEOUT_MS,
    envelope,
    requestFormat: requestFormat ?? 'plain',
    userProperties: copyUserProperties(userProperties),
    topicTemplates: Object.freeze([...(topicTemplates ?? [])]),
    codec,
    serializer,
    deserializer,
  });
}

function check(options: MqttClientOptions): void {
  const checks = new OptionChecks(options.discouragedCharacters ?? 'refuse');
  const version = options.protocolVersion ?? DEFAULT_PROTOCOL_VERSION;
  checks.known('', options, CLIENT_NAMES, otherRole(OF_SERVERS, 'ServerMqtt'));
  checkConnection(checks, options);
  checkPublish(checks, 'publishOptions', options.publishOptions, version, PUBLISH_DEFAULT_NAMES);
  checks.duration('requestTimeout', options.requestTimeout, { min: 1, infinite: true });
  checks.integer('maxPendingRequests', options.maxPendingRequests, { min: 1, infinite: true });
  checks.oneOf('offline', options.offline, ['queue', 'fail']);
  checks.integer('maxQueuedMessages', options.maxQueuedMessages, { min: 0, infinite: true });
  checks.duration('gracefulTimeout', options.gracefulTimeout, { min: 0, infinite: true });
  checks.oneOf('envelope', options.envelope, ['plain', 'nest']);
  checks.list('topicTemplates', options.topicTemplates, (option, template) => checks.text(option, template));
  checkRequestFormat(checks, options, version);
  checkPayload(checks, options);
  checks.sent(
    'responseTopicPrefix',
    options.responseTopicPrefix,
    topicNameProblem,
    'Give the first levels of a topic, such as "reply"',
  );
  checkUserProperties(checks, 'userProperties', options.userProperties);
  if (options.userProperties && version === 4) {
    checks.report('userProperties', 'MQTT 3.1.1 does not have them', 'Remove them, or use protocolVersion 5');
  }
  checks.done();
}

function checkRequestFormat(
  checks: OptionChecks,
  { requestFormat, envelope }: MqttClientOptions,
  version: 4 | 5,
): void {
  checks.oneOf('requestFormat', requestFormat, MESSAGE_FORMATS);
  if (requestFormat !== AZURE_IOT_OPERATIONS) return;
  if (version === 4)
    checks.report('requestFormat', 'MQTT 3.1.1 has no place for it', 'Remove it, or use protocolVersion 5');
  if (envelope === 'nest')
    checks.report('requestFormat', "requests are sent in Nest's envelope", "Remove it, or envelope: 'nest'");
}

/** Asks the broker where replies may go (section 3.1.2.11.6), unless the options say so already. */
function withResponseInformation(options: MqttConnectionOptions): MqttConnectionOptions {
  if ((options.protocolVersion ?? DEFAULT_PROTOCOL_VERSION) !== 5) return options;
  return { ...options, properties: { requestResponseInformation: true, ...options.properties } };
}
