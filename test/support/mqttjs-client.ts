import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { TopicFilter } from '../../lib/protocol/topic-filter.js';
import { closeAfterTest } from './closing.js';
import { Journal } from './journal.js';
import type { TestConnection } from './test-broker.js';

/** A peer that knows nothing of Nest: MQTT.js as it is. Closed after the test. */
export async function connectMqttJs(
  { url, protocolVersion }: Pick<TestConnection, 'url' | 'protocolVersion'>,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = await connectAsync(url, { protocolVersion, reconnectPeriod: 0, ...options });
  closeAfterTest(() => client.endAsync(true));
  return client;
}

/** What a peer subscribes to, as it comes. */
export async function subscribeMqttJs(
  client: MqttClient,
  filter: string,
  options: { qos?: 0 | 1 | 2 } = {},
): Promise<Journal<IPublishPacket>> {
  const messages = new Journal<IPublishPacket>();
  const wanted = TopicFilter.parse(filter);
  client.on('message', (topic, _payload, packet) => {
    if (wanted.matches(topic)) messages.add(packet); // the client may have other subscriptions
  });
  await client.subscribeAsync(filter, { qos: options.qos ?? 0 });
  return messages;
}
