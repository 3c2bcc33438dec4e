import { MqttClient, type IClientOptions } from 'mqtt';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import { credentialsOf } from '../network/endpoints.js';

/** What MQTT.js does not decide: when to connect, what to subscribe again, and everything about messages. */
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
 * The MQTT.js client of a connection: it speaks CONNECT, AUTH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ and DISCONNECT with the broker. It
 * connects only when told, on the stream that it is given.
 */
export function createControlClient(
  { url, protocolVersion, mqtt }: ResolvedConnectionOptions,
  messageIdProvider: NonNullable<IClientOptions['messageIdProvider']>,
  streamBuilder: () => MqttClient['stream'],
): MqttClient {
  const options: IClientOptions = {
    ...mqtt, // MQTT.js writes into what it is given
    ...(url && credentialsOf(url)),
    ...DATA_PLANE,
    protocolVersion,
    messageIdProvider,
  };
  return new MqttClient(streamBuilder, options);
}

/** Ends a client whose network connection is gone, or is dropped now. Resolves when it has ended; never rejects. */
export function endControlClient(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (client.stream === undefined) resolve();
    else client.end(true, () => resolve());
  });
}
