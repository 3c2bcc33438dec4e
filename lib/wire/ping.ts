import type { Packet } from 'mqtt';
import type { Connection } from './connection.js';

/**
 * Asks the broker for a sign of life (PINGREQ, section 3.12).
 *
 * @returns false when there is no connection, or no answer in time
 */
export function ping(connection: Connection, timeoutMs: number): Promise<boolean> {
  const { client } = connection;
  if (!connection.connected) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (alive: boolean): void => {
      clearTimeout(timer);
      client.off('packetreceive', onPacket);
      connection.off('lost', onLost);
      resolve(alive);
    };
    const onPacket = (packet: Packet): void => {
      if (packet.cmd === 'pingresp') settle(true);
    };
    const onLost = (): void => settle(false);
    const timer = setTimeout(() => settle(false), timeoutMs);
    client.on('packetreceive', onPacket);
    connection.on('lost', onLost);
    client.sendPing();
  });
}
