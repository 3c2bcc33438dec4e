import type { MqttBroker } from '../../../../lib/testing/index.js';
import type { ServerMqtt } from '../../../../lib/index.js';

/** What the engine and the broker hold when there is nothing to do. All of it has to be 0. */
export type Leftovers = Readonly<Record<string, number>>;

export function leftoversOf(server: ServerMqtt, broker: MqttBroker): Leftovers {
  const runtime = inside(server);
  const [acknowledgement, gate, publisher] = [runtime['acknowledgement'], runtime['gate'], runtime['publisher']];
  const [session] = broker.sessions;
  return {
    'deliveries without acknowledgement': acknowledgement.pendingCount,
    'acknowledgements in line': Object.values(acknowledgement['lines']).filter(({ isEmpty }) => !isEmpty).length,
    'QoS 2 exchanges': acknowledgement['received'].size,
    'running invocations': runtime['services'].running.size,
    'running jobs': gate.runningJobs,
    'buffered jobs': gate.bufferedJobs,
    'outgoing messages': publisher.pending,
    'messages in flight': session?.inFlight ?? Number.NaN,
    'queued messages': session?.queued ?? Number.NaN,
  };
}

/** How many messages the server has counted. */
export function countersOf(server: ServerMqtt): { received: number; succeeded: number; failed: number } {
  return inside(server)['services'].counters;
}

function inside(server: ServerMqtt): NonNullable<(typeof server)['runtime']> {
  return server['runtime']!;
}
