import type { IConnackPacket, IDisconnectPacket, MqttClient, Packet } from 'mqtt';

export type { MqttClient };

/** Events of the connection, with the names of Nest's MQTT transport. */
export type MqttEvents = {
  /** The broker has accepted the connection. */
  connect: (packet: IConnackPacket) => void;
  /** A reconnect attempt starts. */
  reconnect: () => void;
  /** The broker has sent a DISCONNECT (5.0). */
  disconnect: (packet: IDisconnectPacket) => void;
  /** The socket is closed, by either side. */
  close: () => void;
  /** There is no connection. */
  offline: () => void;
  /** The connection has ended permanently. */
  end: () => void;
  /** A connection failed, or the broker violated the protocol. */
  error: (error: Error) => void;
  /** A control packet was received. */
  packetreceive: (packet: Packet) => void;
  /** A control packet was sent. */
  packetsend: (packet: Packet) => void;
  /** The broker has lost the session: its filters are subscribed again, but messages queued in it are lost. */
  sessionLost: () => void;
};

/** State of the connection, as Nest's MQTT transport reports it. */
export type MqttStatus = 'connected' | 'reconnecting' | 'disconnected' | 'closed';
