import type { IConnackPacket, IDisconnectPacket, MqttClient, Packet } from 'mqtt';

export type { MqttClient };

/** Events of the connection, by the names that Nest's MQTT transport gives them. */
export type MqttEvents = {
  /** The broker has accepted the connection. */
  connect: (packet: IConnackPacket) => void;
  /** Another attempt to connect begins. */
  reconnect: () => void;
  /** The broker has sent a DISCONNECT (5.0). */
  disconnect: (packet: IDisconnectPacket) => void;
  /** The socket is closed, by either side. */
  close: () => void;
  /** There is no connection any more, or not yet. */
  offline: () => void;
  /** The connection has ended for good. */
  end: () => void;
  /** A connection failed, or the broker broke the protocol. */
  error: (error: Error) => void;
  /** A control packet came. */
  packetreceive: (packet: Packet) => void;
  /** A control packet went out. */
  packetsend: (packet: Packet) => void;
  /** The broker does not know the session any more: it has been subscribed anew, and what was queued in it is gone. */
  sessionLost: () => void;
};

/** State of the connection, as Nest's MQTT transport reports it. */
export type MqttStatus = 'connected' | 'reconnecting' | 'disconnected' | 'closed';
