import { MqttClient, type IClientOptions } from 'mqtt';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import { credentialsOf } from '../network/endpoints.js';

/** Disables what this transport does itself: reconnecting, restoring subscriptions, and everything about messages. */
const DATA_PLANE: Partial<IClientOptions> = {
  protocolId: 'MQTT',
  manualConnect: true,
  reconnectPeriod: 0,
  resubscribe: false,
  queueQoSZero: false,
  outgoingStore: undefined,
  incomingStore: undefined,
  autoAssignTopicAlias: false,
  autoUseTopicAlias: false,
};

/**
 * The MQTT.js client of a connection: it handles CONNECT, AUTH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and DISCONNECT. It connects only on
 * `connect()`, over the given stream.
 */
export function createControlClient(
  { url, protocolVersion, mqtt }: ResolvedConnectionOptions,
  messageIdProvider: NonNullable<IClientOptions['messageIdProvider']>,
  streamBuilder: () => MqttClient['stream'],
): MqttClient {
  const options: IClientOptions = {
    ...mqtt, // a copy: MQTT.js changes its options
    ...(url && credentialsOf(url)),
    ...DATA_PLANE,
    protocolVersion,
    messageIdProvider,
  };
  return new MqttClient(streamBuilder, options);
}

/** Ends a client, and drops its network connection. Resolves when it has ended; never rejects. */
export function endControlClient(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (client.stream === undefined) resolve();
    else client.end(true, () => resolve());
  });
}
