import type { QoS } from '../protocol/application-message.js';
import { NO_DEVIATIONS, type BrokerDeviations, type SharedSubscriptionsMode } from './broker-deviations.js';
import type { BrokerMessageProperties } from './broker-message.js';

/** `true` or `false`, or the Reason Code (0x80 or above) to refuse with; a 3.1.1 client gets the nearest that it knows. */
export type Verdict = boolean | number;
/** A verdict, or a promise of one: the client waits for it. */
export type VerdictOrPromise = Verdict | Promise<Verdict>;

/** A CONNECT that wants to be let in. */
export interface ConnectRequest {
  /** Empty when the client leaves the choice to the broker. */
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly protocolVersion: 3 | 4 | 5;
  readonly clean: boolean;
  /** Seconds, as the client asked for. */
  readonly keepalive: number;
}

/** A PUBLISH that wants to be taken. */
export interface PublishRequest {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Readonly<BrokerMessageProperties>;
}

/** A filter of a SUBSCRIBE that wants to be granted. */
export interface SubscribeRequest {
  readonly clientId: string;
  /** As subscribed, `$share/<group>/` included. */
  readonly filter: string;
  readonly qos: QoS;
}

/** A broker that the in-process one can behave like. */
export type BrokerPersonality =
  'mosquitto' | 'hivemq' | 'rabbitmq' | 'artemis' | 'aedes' | 'mochi' | 'aws-iot' | 'azure-event-grid';

/** What a `MqttBroker` allows, announces and imposes. */
export interface MqttBrokerOptions extends BrokerDeviations {
  /**
   * A broker to behave like, as far as what it does otherwise is known: it sets the defaults of the other options, which win where they
   * are given. Default: none, the specification alone.
   */
  behavesLike?: BrokerPersonality;
  /** Lets clients in. Default: everybody. A refusal is Bad User Name or Password (0x86) unless it names a code. */
  authenticate?: (request: ConnectRequest) => VerdictOrPromise;
  /** Default: everything. A refusal is Not Authorized (0x87) unless it names a code; 3.1.1 clients are disconnected. */
  authorizePublish?: (request: PublishRequest) => VerdictOrPromise;
  /** Default: everything. A refusal is Not Authorized (0x87) unless it names a code. */
  authorizeSubscribe?: (request: SubscribeRequest) => VerdictOrPromise;
  /** QoS 1 and 2 messages that a client may have unacknowledged (section 3.2.2.3.3). Default 1000. */
  receiveMaximum?: number;
  /** Largest packet taken, in bytes (section 3.2.2.3.6). Default 16 MiB. */
  maximumPacketSize?: number;
  /** Highest QoS that the broker announces and accepts. Default 2. */
  maximumQoS?: QoS;
  /** Whether the broker keeps retained messages. Default true. */
  retainAvailable?: boolean;
  /** Aliases that a client may use (section 3.2.2.3.8). Default 16. */
  topicAliasMaximum?: number;
  /** Whether the broker uses Topic Aliases itself, up to the client's Topic Alias Maximum. Default false. */
  assignTopicAliases?: boolean;
  /** Longest Session Expiry Interval granted, in seconds. Default: for ever. */
  maximumSessionExpiry?: number;
  /** Messages that a session keeps for a client that is away or busy; further ones are dropped. Default 100 000. */
  maximumQueuedMessages?: number;
  /** How the broker treats Shared Subscriptions. Default true. */
  sharedSubscriptions?: SharedSubscriptionsMode;
  /** Whether the broker supports Subscription Identifiers. Default true; `false` makes using one a protocol error (0xA1). */
  subscriptionIdentifiers?: boolean;
  /**
   * Overlapping subscriptions of one client get one copy with all identifiers (`'merge'`, the default), or a copy
   * each (`'each'`). Brokers do either [MQTT-3.3.4-2, MQTT-3.3.4-4].
   */
  overlap?: 'merge' | 'each';
  /** Response Information for clients that ask for it. Default: none. */
  responseInformation?: string;
  /** Keep Alive that the broker imposes on 5.0 clients, in seconds. Default: what the client asks for. */
  serverKeepAlive?: number;
  /** Whether PUBACK and PUBREC tell that nobody subscribes (0x10). Default true. */
  noMatchingSubscribers?: boolean;
  /** Server Reference sent along with 0x9C (use another server) and 0x9D (server moved). Default: none. */
  serverReference?: string;
  /** How long a connection may take to send its CONNECT, in milliseconds. Default 10 000. */
  connectTimeoutMs?: number;
}

const NO_DEFAULT = [
  'behavesLike',
  'responseInformation',
  'serverKeepAlive',
  'serverReference',
  'sharedSubscriptionsOn311',
] as const;
type OptionWithoutDefault = (typeof NO_DEFAULT)[number];

export type ResolvedBrokerOptions = Readonly<
  Required<Omit<MqttBrokerOptions, OptionWithoutDefault>> & Pick<MqttBrokerOptions, OptionWithoutDefault>
>;

/** A Session Expiry Interval that never ends (section 3.1.2.11.2). */
export const NEVER_EXPIRES = 0xffff_ffff;
const MEBIBYTE = 1024 * 1024;

export const DEFAULT_BROKER_OPTIONS: ResolvedBrokerOptions = Object.freeze({
  ...NO_DEVIATIONS,
  authenticate: () => true,
  authorizePublish: () => true,
  authorizeSubscribe: () => true,
  receiveMaximum: 1000,
  maximumPacketSize: 16 * MEBIBYTE,
  maximumQoS: 2,
  retainAvailable: true,
  topicAliasMaximum: 16,
  assignTopicAliases: false,
  maximumSessionExpiry: NEVER_EXPIRES,
  maximumQueuedMessages: 100_000,
  sharedSubscriptions: true,
  subscriptionIdentifiers: true,
  overlap: 'merge',
  noMatchingSubscribers: true,
  connectTimeoutMs: 10_000,
});
