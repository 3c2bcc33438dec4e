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

/** A client is connected no longer. */
export interface DisconnectEvent {
  readonly clientId: string;
  /** Who ended it: the client by DISCONNECT, the broker, or nobody (the socket went away). */
  readonly by: 'client' | 'broker' | 'network';
  /** Reason code of the DISCONNECT, when one was sent by either side. */
  readonly reasonCode: number | undefined;
}

/** A SUBSCRIBE and how it was answered. */
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

/** A message that a client has published, or that was its will. */
export interface PublishEvent {
  readonly clientId: string;
  readonly message: BrokerMessage;
  /** Whether it is the client's Will Message. */
  readonly will: boolean;
}

/** A PUBLISH on its way to a client. */
export interface DeliverEvent {
  readonly clientId: string;
  readonly packet: IPublishPacket;
}

/** What a client has said about a message that it got. */
export interface AcknowledgeEvent {
  readonly clientId: string;
  readonly cmd: 'puback' | 'pubrec' | 'pubcomp';
  readonly message: BrokerMessage;
  readonly messageId: number;
  /** Always 0 on 3.1.1, which has no reason codes. */
  readonly reasonCode: number;
}

/** One control packet on the wire. */
export interface PacketEvent {
  readonly direction: Direction;
  /** Undefined until a CONNECT has named the client. */
  readonly clientId: string | undefined;
  /** Topic Aliases resolved; not to be changed. */
  readonly packet: Packet;
}

/** A session that is gone. */
export interface SessionEndEvent {
  readonly clientId: string;
}

/** A message that somebody does not get, and why. */
export interface DropMessageEvent {
  /** Who does not get it; for a refused publish, who sent it. */
  readonly clientId: string;
  readonly message: BrokerMessage;
  readonly reason: 'expired' | 'queue-full' | 'packet-too-large' | 'session-end' | 'refused';
}

/** What a `MqttBroker` tells, by event name. */
export interface MqttBrokerEvents {
  /** A client's CONNECT was accepted. */
  connect: [ConnectEvent];
  /** A client that was connected no longer is. */
  disconnect: [DisconnectEvent];
  /** A SUBSCRIBE was answered, refused filters included. */
  subscribe: [SubscribeEvent];
  unsubscribe: [UnsubscribeEvent];
  /** A message was accepted from a client. */
  publish: [PublishEvent];
  /** A PUBLISH was written to a client. */
  deliver: [DeliverEvent];
  /** A client acknowledged a PUBLISH: PUBACK, PUBREC or PUBCOMP. */
  acknowledge: [AcknowledgeEvent];
  /** Any control packet on the wire: read from a client (before faults) or written to one (after faults). */
  packet: [PacketEvent];
  /** A session and all that it held is gone. */
  'session-end': [SessionEndEvent];
  /** A message was given up. */
  'drop-message': [DropMessageEvent];
}

export type BrokerEmitter = EventEmitter<MqttBrokerEvents>;
