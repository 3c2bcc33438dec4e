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
import { outsideClient } from './misplaced-names.js';
import { assertOptionsObject, OptionChecks } from './option-checks.js';
import { allNames, namesOf } from './option-names.js';
import {
  checkPayload,
  PAYLOAD_NAMES,
  type MqttPayloadOptions,
  type ResolvedPayloadOptions,
} from './payload-options.js';
import { checkPublish, copyPublishDefaults, PUBLISH_DEFAULT_NAMES, type PublishDefaults } from './publish-options.js';
import { OF_BOTH_ROLES, OF_CLIENTS } from './role-names.js';
import { checkUserProperties, copyUserProperties } from './user-properties.js';

/** Options of {@link ClientMqtt}. */
export interface MqttClientOptions extends MqttConnectionOptions, MqttPayloadOptions {
  /** Timeout of a request in milliseconds, from `send()` to the reply: includes connecting, queueing and the handler. `Infinity` for none. Default 30_000. */
  requestTimeout?: number;
  /** Defaults for requests and events. Default `{ qos: 0 }`. */
  publishOptions?: PublishDefaults;
  /** First levels of the client's Response Topic. Default: the Response Information of the broker, or `reply` when it sends none. */
  responseTopicPrefix?: string;
  /** Maximum number of requests that wait for a reply. Further requests are queued until their deadline. Default 10_000. */
  maxPendingRequests?: number;
  /** What happens to messages while there is no connection. Default `'queue'`. */
  offline?: 'queue' | 'fail';
  /** Maximum number of messages that wait for a connection. Default 1_000. */
  maxQueuedMessages?: number;
  /**
   * Maximum time in milliseconds that `close()` waits for published messages to be delivered or rejected; `Infinity` for no limit.
   * Default 5_000.
   */
  gracefulTimeout?: number;
  /** Wire format: the plain value, or the envelope of Nest's `Transport.MQTT`. Default: plain; on 3.1.1, Nest's envelope for requests. */
  envelope?: 'plain' | 'nest';
  /**
   * Properties of plain requests, and how their replies are read (5.0). `'azure-iot-operations'`: adds the properties that executors of
   * Azure IoT Operations require, and reads the errors that they report. Replies of other responders are read too. Default `'plain'`.
   */
  requestFormat?: MqttMessageFormat;
  /** User Properties added to every message (5.0). */
  userProperties?: UserProperties;
  /**
   * Templates of the topics that the client publishes to, such as `devices/{deviceId}/set`. Observers get the first that matches a
   * topic, and use it for span names and metric labels, where one topic for each device would be too many. Default none.
   */
  topicTemplates?: readonly string[];
}

/** Client options after validation: complete and immutable copies. */
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
  assertOptionsObject('ClientMqtt', options, 'new ClientMqtt({ url })');
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
  checks.known('', options, CLIENT_NAMES, outsideClient);
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

/** Requests Response Information from the broker (section 3.1.2.11.6), unless the options set the reply prefix. */
function withResponseInformation(options: MqttConnectionOptions): MqttConnectionOptions {
  if ((options.protocolVersion ?? DEFAULT_PROTOCOL_VERSION) !== 5) return options;
  return { ...options, properties: { requestResponseInformation: true, ...options.properties } };
}
