import type { QoS } from '../protocol/application-message.js';
import { NO_DEVIATIONS, type BrokerDeviations, type SharedSubscriptionsMode } from './broker-deviations.js';
import type { BrokerMessageProperties } from './broker-message.js';

/** `true` or `false`, or the Reason Code (0x80 or above) to refuse with; a 3.1.1 client gets the corresponding return code. */
export type Verdict = boolean | number;
/** A verdict, or a promise of one. */
export type VerdictOrPromise = Verdict | Promise<Verdict>;

/** A CONNECT to accept or refuse. */
export interface ConnectRequest {
  /** Client Identifier; empty if the broker assigns it. */
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly protocolVersion: 3 | 4 | 5;
  readonly clean: boolean;
  /** Requested Session Expiry Interval, in seconds. */
  readonly keepalive: number;
}

/** A PUBLISH to accept or refuse. */
export interface PublishRequest {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Readonly<BrokerMessageProperties>;
}

/** A filter of a SUBSCRIBE to grant or refuse. */
export interface SubscribeRequest {
  readonly clientId: string;
  /** Topic Filter, including `$share/<group>/`. */
  readonly filter: string;
  readonly qos: QoS;
}

/** Real brokers whose behaviour the in-process broker can imitate. */
export type BrokerPersonality =
  'mosquitto' | 'hivemq' | 'rabbitmq' | 'artemis' | 'aedes' | 'mochi' | 'aws-iot' | 'azure-event-grid';

/** Options of {@link MqttBroker}. */
export interface MqttBrokerOptions extends BrokerDeviations {
  /**
   * Imitates the known deviations of a real broker: sets the defaults of the other options, which have precedence. Default: none, the
   * broker follows the specification.
   */
  behavesLike?: BrokerPersonality;
  /** Accepts or refuses clients. Default: accepts all. The default Reason Code of a refusal is Bad User Name or Password (0x86). */
  authenticate?: (request: ConnectRequest) => VerdictOrPromise;
  /** Accepts or refuses messages. Default: accepts all. The default Reason Code of a refusal is Not Authorized (0x87); 3.1.1 clients are disconnected. */
  authorizePublish?: (request: PublishRequest) => VerdictOrPromise;
  /** Grants or refuses subscriptions. Default: grants all. The default Reason Code of a refusal is Not Authorized (0x87). */
  authorizeSubscribe?: (request: SubscribeRequest) => VerdictOrPromise;
  /** Receive Maximum of the broker: unacknowledged QoS 1 and 2 messages of a client (section 3.2.2.3.3). Default 1000. */
  receiveMaximum?: number;
  /** Maximum Packet Size in bytes (section 3.2.2.3.6). Default 16 MiB. */
  maximumPacketSize?: number;
  /** Highest QoS that the broker announces and accepts. Default 2. */
  maximumQoS?: QoS;
  /** Whether the broker keeps retained messages. Default true. */
  retainAvailable?: boolean;
  /** Topic Alias Maximum of the broker (section 3.2.2.3.8). Default 16. */
  topicAliasMaximum?: number;
  /** Whether the broker uses Topic Aliases itself, up to the client's Topic Alias Maximum. Default false. */
  assignTopicAliases?: boolean;
  /** Maximum Session Expiry Interval, in seconds. Default: no limit. */
  maximumSessionExpiry?: number;
  /** Maximum number of messages that a session queues for a disconnected or slow client; further ones are dropped. Default 100 000. */
  maximumQueuedMessages?: number;
  /** How the broker handles Shared Subscriptions. Default true. */
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
  /** Keep Alive that the broker imposes on 5.0 clients, in seconds. Default: that of the client. */
  serverKeepAlive?: number;
  /** Whether PUBACK and PUBREC have the code 0x10 when there are no matching subscribers. Default true. */
  noMatchingSubscribers?: boolean;
  /** Server Reference for the codes 0x9C (use another server) and 0x9D (server moved). Default: none. */
  serverReference?: string;
  /** Maximum time for a connection to send its CONNECT, in milliseconds. Default 10 000. */
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
