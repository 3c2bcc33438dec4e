import type { EventEmitter } from 'node:events';
import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { BrokerMessage } from './broker-message.js';

/** `'in'`: from a client to the broker; `'out'`: from the broker to a client. */
export type Direction = 'in' | 'out';

/** A client has connected. */
export interface ConnectEvent {
  readonly clientId: string;
  readonly protocolVersion: 3 | 4 | 5;
  readonly username: string | undefined;
  /** Clean Start (5.0) or Clean Session (3.1.1). */
  readonly clean: boolean;
  readonly sessionPresent: boolean;
}

/** A client has disconnected. */
export interface DisconnectEvent {
  readonly clientId: string;
  /** What ended the connection: the client (DISCONNECT), the broker, or the network. */
  readonly by: 'client' | 'broker' | 'network';
  /** Reason code of the DISCONNECT, if either side has sent one. */
  readonly reasonCode: number | undefined;
}

/** A SUBSCRIBE and its SUBACK. */
export interface SubscribeEvent {
  readonly clientId: string;
  readonly filters: readonly string[];
  /** Reason codes of the SUBACK, in the order of `filters`. */
  readonly granted: readonly number[];
}

/** A client has unsubscribed. */
export interface UnsubscribeEvent {
  readonly clientId: string;
  readonly filters: readonly string[];
}

/** A message that a client has published, or its Will Message. */
export interface PublishEvent {
  readonly clientId: string;
  readonly message: BrokerMessage;
  /** Whether it is the client's Will Message. */
  readonly will: boolean;
}

/** A PUBLISH sent to a client. */
export interface DeliverEvent {
  readonly clientId: string;
  readonly packet: IPublishPacket;
}

/** A client's acknowledgement of a message. */
export interface AcknowledgeEvent {
  readonly clientId: string;
  readonly cmd: 'puback' | 'pubrec' | 'pubcomp';
  readonly message: BrokerMessage;
  readonly messageId: number;
  /** Always 0 on 3.1.1, which has no reason codes. */
  readonly reasonCode: number;
}

/** One control packet. */
export interface PacketEvent {
  readonly direction: Direction;
  /** Undefined before the CONNECT. */
  readonly clientId: string | undefined;
  /** The packet, with resolved Topic Alias; must not be changed. */
  readonly packet: Packet;
}

/** A session that has ended. */
export interface SessionEndEvent {
  readonly clientId: string;
}

/** A message that was not delivered, and the reason. */
export interface DropMessageEvent {
  /** The client that does not receive it; for a refused publish, its publisher. */
  readonly clientId: string;
  readonly message: BrokerMessage;
  readonly reason: 'expired' | 'queue-full' | 'packet-too-large' | 'session-end' | 'refused';
}

/** Events of a `MqttBroker`. */
export interface MqttBrokerEvents {
  /** A client's CONNECT was accepted. */
  connect: [ConnectEvent];
  /** A connected client has disconnected. */
  disconnect: [DisconnectEvent];
  /** A SUBSCRIBE was answered, possibly with refused filters. */
  subscribe: [SubscribeEvent];
  unsubscribe: [UnsubscribeEvent];
  /** A message was accepted from a client. */
  publish: [PublishEvent];
  /** A PUBLISH was written to a client. */
  deliver: [DeliverEvent];
  /** A client acknowledged a PUBLISH: PUBACK, PUBREC or PUBCOMP. */
  acknowledge: [AcknowledgeEvent];
  /** Any control packet: read from a client (before faults) or written to one (after faults). */
  packet: [PacketEvent];
  /** A session has ended, with all its state. */
  'session-end': [SessionEndEvent];
  /** A message was dropped. */
  'drop-message': [DropMessageEvent];
}

export type BrokerEmitter = EventEmitter<MqttBrokerEvents>;
