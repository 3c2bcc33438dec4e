import type { MqttBroker } from '../../../lib/testing/index.js';
import type { ServerMqtt } from '../../../lib/index.js';

/** What the engine and the broker still hold when there is nothing to do any more, by name. Nothing: `{}`. */
export type Leftovers = Readonly<Record<string, number>>;

export function leftoversOf(server: ServerMqtt, broker: MqttBroker, clientId: string): Leftovers {
  const runtime = inside(server);
  const [{ inbound, publisher }, gate] = [runtime['link'], runtime['gate']];
  const session = broker.session(clientId);
  const held = {
    'deliveries without acknowledgement': inbound['pending'].size,
    'acknowledgements in line': Object.values(inbound['lines']).filter(({ isEmpty }) => !isEmpty).length,
    'QoS 2 exchanges': inbound['received'].size,
    'running invocations': runtime['host'].running.size,
    'running jobs': gate.runningJobs,
    'buffered jobs': gate.bufferedJobs,
    'outgoing messages': publisher.pending,
    'messages in flight': session?.inFlight ?? Number.NaN,
    'queued messages': session?.queued ?? Number.NaN,
  };
  return Object.fromEntries(Object.entries(held).filter(([, count]) => count !== 0));
}

/** How many messages the server has counted. */
export function countersOf(server: ServerMqtt): { received: number; succeeded: number; failed: number } {
  return inside(server)['host'].counters;
}

function inside(server: ServerMqtt): NonNullable<(typeof server)['runtime']> {
  return server['runtime']!;
}
