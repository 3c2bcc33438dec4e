import type { IConnackPacket, IDisconnectPacket, MqttClient, Packet } from 'mqtt';

export type { MqttClient };

/** Events of the connection, by the names that Nest's MQTT transport gives them. */
export type MqttEvents = {
  connect: (packet: IConnackPacket) => void;
  reconnect: () => void;
  disconnect: (packet: IDisconnectPacket) => void;
  close: () => void;
  offline: () => void;
  end: () => void;
  error: (error: Error) => void;
  packetreceive: (packet: Packet) => void;
  packetsend: (packet: Packet) => void;
};

/** State of the connection, as Nest's MQTT transport reports it. */
export type MqttStatus = 'connected' | 'reconnecting' | 'disconnected' | 'closed';
