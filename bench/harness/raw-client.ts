import { connect, type IClientOptions, type MqttClient } from 'mqtt';

/** Stock MQTT.js, but that its packets leave at once (TCP_NODELAY), which this transport sees to as well. */
export function rawClient(url: string, options: IClientOptions): MqttClient {
  const client = connect(url, options);
  const { stream } = client;
  if ('setNoDelay' in stream) (stream as unknown as { setNoDelay(): void }).setNoDelay();
  return client;
}
