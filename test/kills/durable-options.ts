import type { MqttConnectionOptions } from '../../lib/index.js';

/** Back at once: a broker or a worker that was killed is there again in a few milliseconds. */
const RECONNECT = { initialDelay: 1, maxDelay: 20 };
const FOR_THE_WHOLE_RUN = 3_600;

/** A connection whose session outlives it. */
export function durableOptions(url: string, protocolVersion: 4 | 5, clientId: string): MqttConnectionOptions {
  const properties = protocolVersion === 5 ? { properties: { sessionExpiryInterval: FOR_THE_WHOLE_RUN } } : {};
  return { url, protocolVersion, clientId, clean: false, reconnect: RECONNECT, ...properties };
}
