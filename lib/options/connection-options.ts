import { randomBytes } from 'node:crypto';
import type { IClientOptions } from 'mqtt';
import type { MqttObserver } from '../observing/mqtt-observer.js';
import { utf8StringProblem } from '../protocol/utf8-string.js';
import { MAX_TIMER_MS } from '../timing/long-timeout.js';
import { checkCredential, type MqttCredentials } from './credentials.js';
import type { DiscouragedCharacters } from './discouraged-characters.js';
import { MQTTJS_OPTION_NAMES, SOCKET_OPTION_NAMES } from './mqttjs-option-names.js';
import { checkObservers } from './observers-option.js';
import type { OptionChecks } from './option-checks.js';
import { allNames, namesOf } from './option-names.js';
import {
  checkReconnect,
  resolveReconnect,
  type ReconnectOptions,
  type ResolvedReconnectOptions,
} from './reconnect-options.js';
import { checkTlsMaterial } from './tls-material.js';
import { checkUrl } from './url-option.js';
import { checkUserPropertyTexts } from './user-properties.js';
import { checkWill } from './will-options.js';

/** Options of MQTT.js that this transport sets itself. */
type OwnedByTransport =
  | 'protocolVersion'
  | 'reconnectPeriod'
  | 'reconnectOnConnackError'
  | 'manualConnect'
  | 'resubscribe'
  | 'queueQoSZero'
  | 'customHandleAcks'
  | 'my';

/**
 * How to reach the broker: the options of MQTT.js (TLS, `keepalive`, `clean`, `will`, `properties`, `connectTimeout`,
 * `servers`, ...), and the options below.
 */
export interface MqttConnectionOptions extends Omit<IClientOptions, OwnedByTransport> {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`, with host, port and credentials. Default `mqtt://localhost:1883`. */
  url?: string;
  /** 5 for MQTT 5.0, 4 for MQTT 3.1.1. Default 5. */
  protocolVersion?: 4 | 5;
  /** Sets TCP_NODELAY. Without it, a QoS 1 exchange waits about 40 ms for a delayed TCP acknowledgement. Default true. */
  noDelay?: boolean;
  /** Backoff between connection attempts; `false` disables reconnecting. */
  reconnect?: ReconnectOptions | false;
  /**
   * Called before every connection attempt, for credentials that expire: user name, password, Authentication Data, certificate and
   * key. Certificate and key default to the options of the same name; user name and password do not.
   */
  credentials?: () => MqttCredentials | Promise<MqttCredentials>;
  /** Prefixes of Topic Filters that the broker interprets and that Topic Names do not contain, such as `$queue/`. Default none. */
  strippedPrefixes?: readonly string[];
  /**
   * Whether to follow the broker to another server (Server Reference with 0x9C or 0x9D, section 4.11; 5.0). Leave it off when the
   * broker is not trusted to choose the server. Default false.
   */
  followServerReference?: boolean;
  /**
   * Maximum number of attempts for the first connection; -1 for no limit. Default -1.
   * A permanent refusal, such as bad credentials, fails the first connection at once.
   */
  maxConnectionAttempts?: number;
  /**
   * Whether Topic Names, Topic Filters, Response Topics, Content Types and User Properties may contain characters that the
   * specification discourages (section 1.5.4): control characters (U+0001 to U+001F, U+007F to U+009F) and noncharacters. They are
   * refused because Mosquitto closes the connection when it receives them; `'allow'` is for brokers that accept them. Default `'refuse'`.
   */
  discouragedCharacters?: 'refuse' | 'allow';
  /**
   * Maximum number of Topic Filters in one SUBSCRIBE, 1 to 65_535, for brokers that limit it. Default: `subscribeBatchSize` of MQTT.js
   * if it is set, else 500. Each Shared Subscription is sent in a SUBSCRIBE of its own.
   */
  maxFiltersPerSubscribe?: number;
  /** Observers of the connection, its messages and its handlers, for tracing and metrics; called in this order. Default none. */
  observers?: readonly MqttObserver[];
  /** Name of the broker for observers and logs, when there are several. Default: the `name` of its `MqttModule`. */
  name?: string;
}

/** Names of the options of a connection: those of this package, of MQTT.js and of the socket. */
export const CONNECTION_NAMES = allNames(
  MQTTJS_OPTION_NAMES,
  SOCKET_OPTION_NAMES,
  namesOf<Omit<MqttConnectionOptions, keyof IClientOptions>>({
    url: true,
    noDelay: true,
    reconnect: true,
    credentials: true,
    strippedPrefixes: true,
    followServerReference: true,
    maxConnectionAttempts: true,
    discouragedCharacters: true,
    maxFiltersPerSubscribe: true,
    observers: true,
    name: true,
  }),
);
/** Names of the properties of the CONNECT. */
export const PROPERTY_NAMES = namesOf<NonNullable<IClientOptions['properties']>>({
  sessionExpiryInterval: true,
  receiveMaximum: true,
  maximumPacketSize: true,
  topicAliasMaximum: true,
  requestResponseInformation: true,
  requestProblemInformation: true,
  userProperties: true,
  authenticationMethod: true,
  authenticationData: true,
});

/** Integers of two and of four bytes (section 3.1.2.11); 0 is no Receive Maximum, and no Maximum Packet Size. */
const PROPERTY_RANGES = {
  sessionExpiryInterval: { min: 0, max: 0xffff_ffff },
  receiveMaximum: { min: 1, max: 0xffff },
  maximumPacketSize: { min: 1, max: 0xffff_ffff },
  topicAliasMaximum: { min: 0, max: 0xffff },
} as const;

const DEFAULT_MAX_FILTERS_PER_SUBSCRIBE = 500;
const MAX_FILTERS_PER_SUBSCRIBE = 65_535;

export const DEFAULT_URL = 'mqtt://localhost:1883';
export const DEFAULT_PROTOCOL_VERSION = 5;
export const UNLIMITED_ATTEMPTS = -1;

/** Connection options after validation: complete and immutable copies. */
export interface ResolvedConnectionOptions {
  readonly url: string;
  /** Whether the options have a `url` that is undefined, so that the default is used. */
  readonly urlMissing: boolean;
  readonly protocolVersion: 4 | 5;
  readonly clientId: string;
  /** Whether the options set no Client Identifier, so that a random one is generated at every start. */
  readonly generatedClientId: boolean;
  readonly noDelay: boolean;
  readonly reconnect: ResolvedReconnectOptions | false;
  readonly credentials: MqttConnectionOptions['credentials'];
  readonly strippedPrefixes: readonly string[];
  readonly followServerReference: boolean;
  readonly maxConnectionAttempts: number;
  readonly discouragedCharacters: DiscouragedCharacters;
  readonly maxFiltersPerSubscribe: number;
  readonly observers: readonly MqttObserver[];
  readonly name: string | undefined;
  /** Whether the session outlives its connection. */
  readonly durableSession: boolean;
  /** The options for MQTT.js, without those above. */
  readonly mqtt: Readonly<IClientOptions>;
}

export function checkConnection(checks: OptionChecks, options: MqttConnectionOptions): void {
  checkUrl(checks, options);
  checks.oneOf('protocolVersion', options.protocolVersion, [4, 5]);
  checks.boolean('noDelay', options.noDelay);
  checks.boolean('clean', options.clean);
  checks.wellFormed('clientId', options.clientId, utf8StringProblem, 'Choose another one');
  checks.integer('keepalive', options.keepalive, { min: 0, max: 65_535 });
  checks.duration('connectTimeout', options.connectTimeout, { min: 1, max: MAX_TIMER_MS }); // MQTT.js sets a timer
  checks.integer('maxConnectionAttempts', options.maxConnectionAttempts, { min: UNLIMITED_ATTEMPTS });
  if (options.maxConnectionAttempts === 0) {
    checks.report('maxConnectionAttempts', '0 would never connect', 'Give 1 or more, or -1 for no limit');
  }
  checks.boolean('followServerReference', options.followServerReference);
  checks.callable('credentials', options.credentials);
  for (const name of ['username', 'password'] as const) checkCredential(checks, name, options[name]);
  checks.boolean('rejectUnauthorized', options.rejectUnauthorized);
  checkTlsMaterial(checks, options);
  checkPair(checks, options);
  checkReconnect(checks, options.reconnect);
  checkObservers(checks, options.observers);
  checks.text('name', options.name);
  checks.list('strippedPrefixes', options.strippedPrefixes, (option, prefix) => checks.text(option, prefix));
  checks.oneOf('discouragedCharacters', options.discouragedCharacters, ['refuse', 'allow']);
  for (const name of ['maxFiltersPerSubscribe', 'subscribeBatchSize'] as const)
    checks.integer(name, options[name], { min: 1, max: MAX_FILTERS_PER_SUBSCRIBE });
  if (checks.object('properties', options.properties)) {
    checks.known('properties', options.properties, PROPERTY_NAMES);
    checkProperties(checks, options.properties);
  }
  checkWill(checks, options.will);
  if (options.clean === false && !options.clientId) {
    checks.report(
      'clean',
      'false needs a clientId, by which the broker finds the session again',
      'Set clientId, or remove clean: false',
    );
  }
  const version = options.protocolVersion ?? DEFAULT_PROTOCOL_VERSION;
  if (version === 4 && options.properties) {
    checks.report('properties', 'MQTT 3.1.1 has no properties', 'Remove them, or use protocolVersion 5');
  }
  if (version === 4 && options.will?.properties) {
    checks.report('will.properties', 'MQTT 3.1.1 has no properties', 'Remove them, or use protocolVersion 5');
  }
  if (version === 4 && options.password !== undefined && options.username === undefined) {
    checks.report(
      'password',
      'MQTT 3.1.1 has no password without a user name [MQTT-3.1.2-22]',
      'Give a username too, or use protocolVersion 5',
    );
  }
  if (options.credentials && (options.username !== undefined || options.password !== undefined)) {
    checks.report('credentials', 'it is given together with username or password', 'Keep one of the two');
  }
}

/** MQTT.js finds these mistakes when it writes the CONNECT, in every attempt anew. */
function checkProperties(checks: OptionChecks, properties: NonNullable<MqttConnectionOptions['properties']>): void {
  for (const [name, range] of Object.entries(PROPERTY_RANGES))
    checks.integer(`properties.${name}`, properties[name as keyof typeof PROPERTY_RANGES], range);
  for (const name of ['requestResponseInformation', 'requestProblemInformation'] as const)
    checks.boolean(`properties.${name}`, properties[name]);
  checkUserPropertyTexts(checks, 'properties.userProperties', properties.userProperties);
}

/** A certificate without its key, or the other way round, is not used. */
function checkPair(checks: OptionChecks, options: MqttConnectionOptions): void {
  const { cert, key, credentials } = options;
  if (credentials || (cert === undefined) === (key === undefined)) return; // credentials() may have the other half
  const others = options as Readonly<Record<string, unknown>>;
  if (ELSEWHERE.some((name) => others[name] !== undefined)) return;
  if (cert === undefined) checks.report('key', 'a key is not used without its certificate', 'Give cert too');
  else checks.report('cert', 'a certificate is not used without its key', 'Give key too');
}

/** Options that may have the other half of a pair. */
const ELSEWHERE = ['pfx', 'secureContext', 'privateKeyIdentifier', 'wsOptions', 'certPath', 'keyPath'];

/** @param options valid options */
export function resolveConnection(options: MqttConnectionOptions): ResolvedConnectionOptions {
  const {
    url,
    protocolVersion,
    noDelay,
    reconnect,
    credentials,
    strippedPrefixes,
    followServerReference,
    maxConnectionAttempts,
    discouragedCharacters,
    maxFiltersPerSubscribe,
    subscribeBatchSize,
    observers,
    name,
    ...mqtt
  } = options;
  const version = protocolVersion ?? DEFAULT_PROTOCOL_VERSION;
  const clientId = mqtt.clientId || randomClientId();
  const elsewhere = Boolean(mqtt.host || mqtt.servers);
  return Object.freeze({
    url: url ?? (elsewhere ? '' : DEFAULT_URL),
    urlMissing: 'url' in options && url === undefined && !elsewhere && !mqtt.hostname && !mqtt.unixSocket,
    protocolVersion: version,
    clientId,
    generatedClientId: !mqtt.clientId,
    noDelay: noDelay ?? true,
    reconnect: resolveReconnect(reconnect),
    credentials,
    strippedPrefixes: Object.freeze([...(strippedPrefixes ?? [])]),
    followServerReference: followServerReference ?? false,
    maxConnectionAttempts: maxConnectionAttempts ?? UNLIMITED_ATTEMPTS,
    discouragedCharacters: discouragedCharacters ?? 'refuse',
    maxFiltersPerSubscribe: maxFiltersPerSubscribe ?? subscribeBatchSize ?? DEFAULT_MAX_FILTERS_PER_SUBSCRIBE,
    observers: Object.freeze([...new Set(observers)]),
    name,
    durableSession: isDurable(options),
    mqtt: Object.freeze({
      ...mqtt,
      clientId,
      properties: mqtt.properties && { ...mqtt.properties },
      will: mqtt.will && { ...mqtt.will },
    }),
  });
}

/** Attempts of a connection that somebody waits for at a terminal. */
const ATTEMPTS_ASIDE = 3;

/**
 * The same broker by a connection of its own, beside that of a process that runs with these options: with its Client Identifier the
 * broker would end the other connection, take over its session and publish its will.
 */
export function connectionAside(options: ResolvedConnectionOptions): ResolvedConnectionOptions {
  const clientId = randomClientId();
  const { will: _will, outgoingStore: _outgoing, incomingStore: _incoming, ...mqtt } = options.mqtt;
  const { sessionExpiryInterval: _expiry, ...properties } = mqtt.properties ?? {};
  return Object.freeze({
    ...options,
    clientId,
    generatedClientId: true,
    durableSession: false,
    maxConnectionAttempts: ATTEMPTS_ASIDE,
    mqtt: Object.freeze({ ...mqtt, clientId, clean: true, ...(mqtt.properties && { properties }) }),
  });
}

/** A session survives its connection when it is resumed (`clean: false`) and, on 5.0, does not expire with it (section 3.1.2.11.2). */
export function isDurable({ protocolVersion, clean, properties }: MqttConnectionOptions): boolean {
  return clean === false && (protocolVersion === 4 || (properties?.sessionExpiryInterval ?? 0) > 0);
}

/** 23 characters, the maximum that every 3.1.1 broker must accept [MQTT-3.1.3-5 of 3.1.1]. */
function randomClientId(): string {
  return `nestjs_${randomBytes(8).toString('hex')}`;
}
