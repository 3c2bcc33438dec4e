import { Transport } from '@nestjs/microservices';
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
import { outsideServer } from './misplaced-names.js';
import { assertOptionsObject, kindOf, OptionChecks } from './option-checks.js';
import { allNames, namesOf } from './option-names.js';
import {
  checkPayload,
  PAYLOAD_NAMES,
  type MqttPayloadOptions,
  type ResolvedPayloadOptions,
} from './payload-options.js';
import { checkPublish, copyPublishDefaults, PUBLISH_DEFAULT_NAMES, type PublishDefaults } from './publish-options.js';
import { OF_BOTH_ROLES, OF_SERVERS } from './role-names.js';
import { checkSubscription, type MqttSubscriptionOptions } from './subscription-options.js';
import { withDefaults } from './with-defaults.js';

/** Redelivery of withheld messages: the server resumes its session, so that the broker delivers them again. */
export interface RedeliveryOptions {
  /** Always `true`: the server ends its connection and connects again. */
  reconnect: true;
  /** Milliseconds between the first withheld message and the reconnect. Default 1_000; doubles while redelivered messages are withheld again. */
  delay?: number;
  /** Maximum delay in milliseconds. Default 60_000. */
  maxDelay?: number;
}

/** The buffer of QoS 0 messages that wait for a worker. */
export interface Qos0BufferOptions {
  /** Maximum number of messages. Default 10_000. */
  size?: number;
  /** Which message is dropped when the buffer is full. Default `'drop-oldest'`. */
  overflow?: 'drop-oldest' | 'drop-newest';
}

/** A message of a resumed session that matches no handler. */
export interface StaleMessage {
  readonly topic: string;
  readonly qos: number;
}

/**
 * Which acknowledgements tell the broker that a message was rejected (5.0): those of QoS 1 (`'puback'`), those of QoS 1 and 2 (`'all'`),
 * or none (`'none'`). Other rejected messages are acknowledged, and a warning is logged.
 */
export type NegativeAcknowledgements = 'puback' | 'all' | 'none';

/** Options of {@link ServerMqtt}. */
export interface MqttServerOptions extends MqttConnectionOptions, MqttPayloadOptions {
  /** The transport id by which Nest assigns handlers to this server. Default `Transport.MQTT`. */
  transportId?: Transport | symbol;
  /** Defaults for every handler. Default `{}`. */
  subscribeOptions?: MqttSubscriptionOptions;
  /** Defaults for replies and `@PublishTo` results. Default `{ qos: 0 }`. */
  publishOptions?: PublishDefaults;
  /** Maximum number of handlers that run at the same time, for all subscriptions of the server; on 5.0 also its Receive Maximum. Default 256. */
  maxConcurrency?: number;
  /** Maximum time in milliseconds that `close()` waits for running handlers and their acknowledgements; `Infinity` for no limit. Default 15_000. */
  gracefulTimeout?: number;
  /** Milliseconds after which a running handler counts as failed; `Infinity` for never. Default: none. */
  handlerTimeout?: number;
  /** Redelivery of withheld messages. Default: the broker delivers them again when the session is next resumed. */
  redelivery?: RedeliveryOptions;
  /**
   * Which acknowledgements send the reason code of a reject to the broker (5.0). Default `'puback'`: the exchange of a rejected QoS 2
   * message completes normally, because Mosquitto, HiveMQ CE, Artemis and mochi do not restore the send quota after a PUBREC with an
   * error (section 4.9), and stop delivering after Receive Maximum of them. `'all'` is for brokers that restore it; `'none'` is for
   * brokers that close the connection after a PUBACK with an error, such as Azure Event Grid.
   */
  negativeAcknowledgements?: NegativeAcknowledgements;
  /** Buffer of QoS 0 messages that wait for a worker. Default `{ size: 10_000, overflow: 'drop-oldest' }`. */
  qos0Buffer?: Qos0BufferOptions;
  /** Maximum payload in bytes. Larger messages are rejected before they are decoded. Default: none. */
  maxPayloadBytes?: number;
  /** Where the dead letters of handlers with `deadLetter` or `onDeadLetter` are kept, to be replayed. Default: nowhere. */
  deadLetters?: DeadLettersOptions;
  /** What becomes of messages of a resumed session that no handler takes. Default `'log'`. */
  onStaleSubscription?: 'log' | 'unsubscribe' | ((message: StaleMessage) => void);
  /** Topic Filters that the Response Topic of a request must match; other requests are not handled. Default: any valid topic. */
  allowedResponseTopics?: readonly string[];
  /**
   * Whether `listen()` waits until the broker has granted every subscription, and rejects when it refuses one. With false, the
   * application (HTTP included) starts without waiting for the broker: `health()` shows when it is connected, and errors are logged.
   * Default true.
   */
  waitForBroker?: boolean;
}

/** Server options after validation: complete and immutable copies. */
export interface ResolvedServerOptions extends ResolvedPayloadOptions {
  readonly connection: ResolvedConnectionOptions;
  readonly transportId: Transport | symbol | undefined;
  readonly subscribeOptions: Readonly<MqttSubscriptionOptions>;
  readonly publishOptions: Readonly<PublishDefaults>;
  readonly maxConcurrency: number;
  readonly gracefulTimeoutMs: number;
  readonly handlerTimeoutMs: number | undefined;
  readonly redelivery: Readonly<{ delayMs: number; maxDelayMs: number }> | undefined;
  /** QoS levels at which the acknowledgement of a rejected message carries its reason code. */
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
  assertOptionsObject('ServerMqtt', options, 'new ServerMqtt({ url })');
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
  checks.known('', options, SERVER_NAMES, outsideServer);
  checkConnection(checks, options);
  checkTransportId(checks, options.transportId);
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
    checks.report(
      'redelivery',
      'withheld messages are redelivered only in a session that outlives the connection',
      SURVIVING_SESSION,
    );
  }
  if (options.subscribeOptions?.ackPolicy === AckPolicy.NACK_ON_ERROR && !durable) {
    checks.report(
      'subscribeOptions.ackPolicy',
      'withheld messages are redelivered only in a session that outlives the connection',
      SURVIVING_SESSION,
    );
  }
  checks.done();
}

/** Nest registers no handler for another id, and says nothing. */
function checkTransportId(checks: OptionChecks, id: unknown): void {
  if (id === undefined || typeof id === 'symbol' || (typeof id === 'number' && id in Transport)) return;
  checks.report('transportId', `it is ${kindOf(id)}`, "Give a symbol, or one of Nest's Transport");
}

function version({ protocolVersion }: MqttServerOptions): 4 | 5 {
  return protocolVersion ?? DEFAULT_PROTOCOL_VERSION;
}

/** Why a filter for Response Topics is invalid; undefined when it is valid. */
function responseFilterProblem(filter: string): string | undefined {
  if (!filter.startsWith('$')) return topicFilterProblem(filter);
  return `${JSON.stringify(filter)} matches nothing: no reply is sent to topics that begin with $, which are reserved for the broker`;
}

/** Remedy when a session that outlives its connection is required. */
export const SURVIVING_SESSION = 'Set clientId, clean: false and, on 5.0, properties.sessionExpiryInterval';

/** Receive Maximum limits the unacknowledged QoS 1 and 2 messages that the broker sends (section 3.3.4) to the number of workers. */
function withReceiveMaximum(options: MqttConnectionOptions, maxConcurrency: number): MqttConnectionOptions {
  if (version(options) !== 5 || options.properties?.receiveMaximum !== undefined) return options;
  const receiveMaximum = Math.min(maxConcurrency, MAX_RECEIVE_MAXIMUM);
  return { ...options, properties: { ...options.properties, receiveMaximum } };
}
