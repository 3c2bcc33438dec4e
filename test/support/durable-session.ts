import { randomUUID } from 'node:crypto';
import { connect, type IPublishPacket } from 'mqtt';
import type { MqttServerOptions } from '../../lib/index.js';
import { closeAfterTest } from './closing.js';
import { Journal } from './journal.js';
import type { TestConnection } from './test-broker.js';

export type DurableConnection = TestConnection & Pick<MqttServerOptions, 'clientId' | 'clean' | 'properties'>;

/** A connection whose session survives it. */
export function durable(connection: TestConnection, clientId = `durable-${randomUUID()}`): DurableConnection {
  const properties = connection.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 3_600 } } : {};
  return { ...connection, clientId, clean: false, ...properties };
}

/**
 * Another client's turn on a session that its owner has left: shows what the broker had kept for it, as it arrives. Closed after
 * the test.
 */
export function resumeSession({ url, ...options }: DurableConnection): Journal<IPublishPacket> {
  const { protocolVersion, clientId, clean, properties } = options;
  const messages = new Journal<IPublishPacket>();
  const client = connect(url, { protocolVersion, clientId, clean, properties, reconnectPeriod: 0 });
  // before it connects, for the broker sends at once; and not by 'message', which for QoS 2 waits for PUBREL
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'publish') messages.add(packet);
  });
  closeAfterTest(() => client.endAsync(true));
  return messages;
}
