import type { Transport } from '@nestjs/microservices';
import type { QoS } from '../protocol/application-message.js';
import { topicFilterProblem } from '../protocol/topic-filter.js';
import { AckPolicy } from './ack-policy.js';
import {
  checkConnection,
  CONNECTION_NAMES,
  DEFAULT_PROTOCOL_VERSION,
  isDurable,
  resolveConnection,
  type MqttConnectionOptions,
  type ResolvedConnectionOptions,
} from './connection-options.js';
import {
  checkDeadLetters,
  resolveDeadLetters,
  type DeadLettersOptions,
  type ResolvedDeadLettersOptions,
} from './dead-letters-options.js';
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
import { checkSubscription, type MqttSubscriptionOptions } from './subscription-options.js';
import { withDefaults } from './with-defaults.js';

/** How withheld messages are had again: the server resumes its session, so that the broker redelivers them. */
export interface RedeliveryOptions {
  /** Always `true`: the server ends its connection and connects again. */
  reconnect: true;
  /** Milliseconds from the first withheld message to the resumption. Default 1_000; doubles while messages are withheld again and again. */
  delay?: number;
  /** Bound of the growing delay, in milliseconds. Default 60_000. */
  maxDelay?: number;
}

/** Where QoS 0 messages wait for a worker. */
export interface Qos0BufferOptions {
  /** Messages. Default 10_000. */
  size?: number;
  /** Which message goes when the buffer is full. Default `'drop-oldest'`. */
  overflow?: 'drop-oldest' | 'drop-newest';
}

/** A message of a resumed session that no handler takes. */
export interface StaleMessage {
  readonly topic: string;
  readonly qos: number;
}

/**
 * Which acknowledgements tell the broker that a message was rejected (5.0): those of QoS 1 (`'puback'`), those of QoS 1 and 2 (`'all'`),
 * or none (`'none'`). A reject that the broker is not told of acknowledges the message, and is a warning in the log.
 */
export type NegativeAcknowledgements = 'puback' | 'all' | 'none';

/** Options of {@link ServerMqtt}. */
export interface MqttServerOptions extends MqttConnectionOptions, MqttPayloadOptions {
  /** Which handlers are this server's, the way Nest tells transports apart. Default `Transport.MQTT`. */
  transportId?: Transport | symbol;
  /** Defaults for every handler. Default `{}`. */
  subscribeOptions?: MqttSubscriptionOptions;
  /** Defaults for replies and `@PublishTo` results. Default `{ qos: 0 }`. */
  publishOptions?: PublishDefaults;
  /** Handlers that run at once on this server, over all subscriptions; also its Receive Maximum on 5.0. Default 256. */
  maxConcurrency?: number;
  /** Milliseconds that `close()` lets running handlers finish and acknowledge; `Infinity` for as long as they take. Default 15_000. */
  gracefulTimeout?: number;
  /** Milliseconds after which a running handler counts as failed; `Infinity` for never. Default: none. */
  handlerTimeout?: number;
  /** Default: withheld messages come back when the session is next resumed. */
  redelivery?: RedeliveryOptions;
  /**
   * Which acknowledgements carry the reason code of a reject to the broker (5.0). Default `'puback'`: a rejected QoS 2 message
   * completes its exchange as an acknowledged one does, because Mosquitto, HiveMQ CE, Artemis and mochi do not give the send quota
   * back after a refusing PUBREC (section 4.9), and deliver nothing any more after Receive Maximum of them. `'all'` is for brokers
   * that do; `'none'` for those that end the connection over a refusing PUBACK, as Azure Event Grid does.
   */
  negativeAcknowledgements?: NegativeAcknowledgements;
  /** Default `{ size: 10_000, overflow: 'drop-oldest' }`. */
  qos0Buffer?: Qos0BufferOptions;
  /** Larger messages are refused before they are decoded. Default: none. */
  maxPayloadBytes?: number;
  /** Where the dead letters of handlers with `deadLetter` or `onDeadLetter` are kept, to be replayed. Default: nowhere. */
  deadLetters?: DeadLettersOptions;
  /** What becomes of messages of a resumed session that no handler takes. Default `'log'`. */
  onStaleSubscription?: 'log' | 'unsubscribe' | ((message: StaleMessage) => void);
  /** Topic Filters that a Response Topic must match; a request that names another one is not run. Default: any valid topic. */
  allowedResponseTopics?: readonly string[];
  /**
   * Whether `listen()` waits until the broker has granted every subscription, so that a refusal is an error of the start. With false the
   * application starts without its broker, HTTP included: `health()` tells when it is there, and what would have been an error of the
   * start is logged. Default true.
   */
  waitForBroker?: boolean;
}

/** Server options after validation: complete, private copies, never written to. */
export interface ResolvedServerOptions extends ResolvedPayloadOptions {
  readonly connection: ResolvedConnectionOptions;
  readonly transportId: Transport | symbol | undefined;
  readonly subscribeOptions: Readonly<MqttSubscriptionOptions>;
  readonly publishOptions: Readonly<PublishDefaults>;
  readonly maxConcurrency: number;
  readonly gracefulTimeoutMs: number;
  readonly handlerTimeoutMs: number | undefined;
  readonly redelivery: Readonly<{ delayMs: number; maxDelayMs: number }> | undefined;
  /** QoS of the messages whose acknowledgement tells the broker of a reject. */
  readonly refusable: readonly QoS[];
  readonly qos0Buffer: Readonly<Required<Qos0BufferOptions>>;
  readonly maxPayloadBytes: number;
  readonly deadLetters: ResolvedDeadLettersOptions | undefined;
  readonly onStaleSubscription: NonNullable<MqttServerOptions['onStaleSubscription']>;
  readonly allowedResponseTopics: readonly string[] | undefined;
  readonly waitForBroker: boolean;
}

const SERVER_NAMES = allNames(
  CONNECTION_NAMES,
  PAYLOAD_NAMES,
  namesOf<Omit<MqttServerOptions, keyof MqttConnectionOptions | keyof MqttPayloadOptions>>({
    ...OF_BOTH_ROLES,
    ...OF_SERVERS,
  }),
);
const QOS0_BUFFER_NAMES = namesOf<Qos0BufferOptions>({ size: true, overflow: true });
const REDELIVERY_NAMES = namesOf<RedeliveryOptions>({ reconnect: true, delay: true, maxDelay: true });

const REFUSABLE: Readonly<Record<NegativeAcknowledgements, readonly QoS[]>> = { puback: [1], all: [1, 2], none: [] };
const DEFAULT_MAX_CONCURRENCY = 256;
const DEFAULT_GRACEFUL_TIMEOUT_MS = 15_000;
const DEFAULT_QOS0_BUFFER: Required<Qos0BufferOptions> = { size: 10_000, overflow: 'drop-oldest' };
const DEFAULT_REDELIVERY = { delayMs: 1_000, maxDelayMs: 60_000 };
/** Largest value of a Receive Maximum (section 3.1.2.11.3). */
const MAX_RECEIVE_MAXIMUM = 65_535;

/** @throws InvalidOptionsError that lists every problem */
export function resolveServerOptions(options: MqttServerOptions = {}): ResolvedServerOptions {
  const {
    transportId,
    subscribeOptions,
    publishOptions,
    maxConcurrency = DEFAULT_MAX_CONCURRENCY,
    gracefulTimeout,
    handlerTimeout,
    redelivery,
    negativeAcknowledgements,
    qos0Buffer,
    maxPayloadBytes,
    deadLetters,
    onStaleSubscription,
    allowedResponseTopics,
    waitForBroker,
    codec,
    serializer,
    deserializer,
    ...connectionOptions
  } = options;
  check(options);
  return Object.freeze({
    connection: resolveConnection(withReceiveMaximum(connectionOptions, maxConcurrency)),
    transportId,
    subscribeOptions: Object.freeze({ ...subscribeOptions }),
    publishOptions: copyPublishDefaults(publishOptions),
    maxConcurrency,
    gracefulTimeoutMs: gracefulTimeout ?? DEFAULT_GRACEFUL_TIMEOUT_MS,
    handlerTimeoutMs: handlerTimeout,
    redelivery: redelivery && {
      delayMs: redelivery.delay ?? DEFAULT_REDELIVERY.delayMs,
      maxDelayMs: redelivery.maxDelay ?? DEFAULT_REDELIVERY.maxDelayMs,
    },
    refusable: REFUSABLE[version(options) === 5 ? (negativeAcknowledgements ?? 'puback') : 'none'],
    qos0Buffer: Object.freeze(withDefaults(DEFAULT_QOS0_BUFFER, qos0Buffer)),
    maxPayloadBytes: maxPayloadBytes ?? Infinity,
    deadLetters: resolveDeadLetters(deadLetters),
    onStaleSubscription: onStaleSubscription ?? 'log',
    waitForBroker: waitForBroker ?? true,
    allowedResponseTopics: allowedResponseTopics && Object.freeze([...allowedResponseTopics]),
    codec,
    serializer,
    deserializer,
  });
}

function check(options: MqttServerOptions): void {
  const checks = new OptionChecks(options.discouragedCharacters ?? 'refuse');
  checks.known('', options, SERVER_NAMES, otherRole(OF_CLIENTS, 'ClientMqtt'));
  checkConnection(checks, options);
  checkSubscription(checks, 'subscribeOptions', options.subscribeOptions, version(options));
  checkPublish(checks, 'publishOptions', options.publishOptions, version(options), PUBLISH_DEFAULT_NAMES);
  checks.integer('maxConcurrency', options.maxConcurrency, { min: 1 });
  checks.duration('gracefulTimeout', options.gracefulTimeout, { min: 0, infinite: true });
  checks.duration('handlerTimeout', options.handlerTimeout, { min: 1, infinite: true });
  if (checks.object('redelivery', options.redelivery)) {
    checks.known('redelivery', options.redelivery, REDELIVERY_NAMES);
    checks.duration('redelivery.delay', options.redelivery.delay, { min: 0 });
    checks.duration('redelivery.maxDelay', options.redelivery.maxDelay, { min: 0 });
  }
  checks.oneOf('negativeAcknowledgements', options.negativeAcknowledgements, ['puback', 'all', 'none']);
  if (version(options) === 4 && options.negativeAcknowledgements !== undefined) {
    checks.report('negativeAcknowledgements', 'MQTT 3.1.1 does not have it', 'Remove it, or use protocolVersion 5');
  }
  if (checks.object('qos0Buffer', options.qos0Buffer)) {
    checks.known('qos0Buffer', options.qos0Buffer, QOS0_BUFFER_NAMES);
    checks.integer('qos0Buffer.size', options.qos0Buffer.size, { min: 0 });
    checks.oneOf('qos0Buffer.overflow', options.qos0Buffer.overflow, ['drop-oldest', 'drop-newest']);
  }
  checks.list('allowedResponseTopics', options.allowedResponseTopics, (option, filter) =>
    checks.wellFormed(option, filter, responseFilterProblem, 'Give Topic Filters that do not begin with $'),
  );
  checks.boolean('waitForBroker', options.waitForBroker);
  checks.integer('maxPayloadBytes', options.maxPayloadBytes, { min: 0, infinite: true });
  checkDeadLetters(checks, options.deadLetters);
  checkPayload(checks, options);
  if (typeof options.onStaleSubscription !== 'function') {
    checks.oneOf('onStaleSubscription', options.onStaleSubscription, ['log', 'unsubscribe']);
  }
  const durable = isDurable(options);
  if (options.redelivery && !durable) {
    checks.report('redelivery', 'withheld messages come back only in a session that survives', SURVIVING_SESSION);
  }
  if (options.subscribeOptions?.ackPolicy === AckPolicy.NACK_ON_ERROR && !durable) {
    checks.report(
      'subscribeOptions.ackPolicy',
      'withheld messages come back only in a session that survives',
      SURVIVING_SESSION,
    );
  }
  checks.done();
}

function version({ protocolVersion }: MqttServerOptions): 4 | 5 {
  return protocolVersion ?? DEFAULT_PROTOCOL_VERSION;
}

/** What forbids a filter that Response Topics have to match. */
function responseFilterProblem(filter: string): string | undefined {
  if (!filter.startsWith('$')) return topicFilterProblem(filter);
  return `${JSON.stringify(filter)} allows nothing: Response Topics that begin with $ belong to the broker, and are never answered`;
}

/** The remedy wherever a session that survives its connection is needed. */
export const SURVIVING_SESSION = 'Set clientId, clean: false and, on 5.0, properties.sessionExpiryInterval';

/** Receive Maximum keeps the broker from sending more QoS 1 and 2 messages than handlers may run (section 3.3.4). */
function withReceiveMaximum(options: MqttConnectionOptions, maxConcurrency: number): MqttConnectionOptions {
  if (version(options) !== 5 || options.properties?.receiveMaximum !== undefined) return options;
  const receiveMaximum = Math.min(maxConcurrency, MAX_RECEIVE_MAXIMUM);
  return { ...options, properties: { ...options.properties, receiveMaximum } };
}
