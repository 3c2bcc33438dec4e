import { Gauge } from 'prom-client';
import type { MqttFigures } from '../observing/mqtt-health.js';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import { brokerOf } from './labels.js';
import type { ResolvedMetricsOptions } from './metrics-options.js';

interface GaugeDefinition {
  readonly name: string;
  readonly help: string;
  /** Returns undefined if the connection has no such value. */
  readonly read: (figures: MqttFigures) => number | undefined;
  /** How values of connections with the same labels, and of processes of a cluster, are combined. Default: their sum. */
  readonly aggregator?: 'min' | 'max';
}

const MERGE = { sum: (a: number, b: number): number => a + b, min: Math.min, max: Math.max } as const;

const DEFINITIONS: readonly GaugeDefinition[] = [
  { name: 'connections', help: 'Servers and clients that are in use', read: () => 1 },
  {
    name: 'connected',
    help: 'Open servers and clients that are connected',
    read: ({ connected }) => Number(connected),
  },
  { name: 'handlers_running', help: 'Messages whose handlers are running', read: ({ running }) => running },
  { name: 'messages_waiting', help: 'Messages that wait for a worker', read: ({ waiting }) => waiting },
  {
    name: 'messages_withheld',
    help: 'Messages whose acknowledgement is withheld until the session is resumed',
    read: ({ withheld }) => withheld,
  },
  {
    name: 'messages_unsettled',
    help: 'Received QoS 1 and 2 messages that are not settled',
    read: ({ unsettled }) => unsettled,
  },
  {
    name: 'oldest_unsettled_seconds',
    help: 'Age of the oldest unsettled message; 0 when there is none',
    read: ({ oldestUnsettled = 0 }) => oldestUnsettled / 1_000,
    aggregator: 'max',
  },
  {
    name: 'window_used',
    help: 'Unacknowledged QoS 1 and 2 messages that the broker has sent, including withheld ones',
    read: ({ window }) => window?.used,
  },
  {
    name: 'window_free',
    help: 'QoS 1 and 2 messages that the broker may still send (Receive Maximum); delivery stops at 0',
    read: ({ window }) => window && Math.max(0, window.size - window.used), // Mosquitto can exceed it
    aggregator: 'min',
  },
  { name: 'requests_pending', help: 'Requests that have not ended', read: (f) => f.pendingRequests },
  { name: 'messages_queued', help: 'Messages that wait to be sent', read: ({ queued }) => queued },
  {
    name: 'messages_in_flight',
    help: 'QoS 1 and 2 messages that are sent and not acknowledged',
    read: ({ inFlight }) => inFlight,
  },
  {
    name: 'subscriptions_wanted',
    help: 'Requested Topic Filters',
    read: ({ subscriptions }) => subscriptions.wanted,
  },
  {
    name: 'subscriptions_granted',
    help: 'Topic Filters that the broker has granted in the current session',
    read: ({ subscriptions }) => subscriptions.granted,
  },
];

/** Gauges of the open connections, read when the metrics are collected. */
export class ConnectionGauges {
  private readonly connections = new Set<MqttObservedConnection>();

  constructor({ registry, prefix }: ResolvedMetricsOptions) {
    for (const { name, help, read, aggregator = 'sum' } of DEFINITIONS) {
      const { connections } = this;
      registry.registerMetric(
        new Gauge({
          name: `${prefix}${name}`,
          help,
          labelNames: ['broker', 'role'],
          registers: [],
          aggregator,
          collect() {
            this.reset();
            for (const [labels, value] of merged(connections, read, MERGE[aggregator])) this.set(labels, value);
          },
        }),
      );
    }
  }

  opened(connection: MqttObservedConnection): void {
    this.connections.add(connection);
  }

  closed(connection: MqttObservedConnection): void {
    this.connections.delete(connection);
  }
}

type ConnectionLabels = { readonly broker: string; readonly role: string };

/** Combines the values of all connections of a broker and role. */
function merged(
  connections: ReadonlySet<MqttObservedConnection>,
  read: GaugeDefinition['read'],
  merge: (a: number, b: number) => number,
): Iterable<[ConnectionLabels, number]> {
  const values = new Map<string, [ConnectionLabels, number]>();
  for (const connection of connections) {
    const value = read(connection.figures());
    if (value === undefined) continue;
    const labels = { broker: brokerOf(connection), role: connection.role };
    const key = `${labels.role} ${labels.broker}`;
    const before = values.get(key);
    values.set(key, [labels, before === undefined ? value : merge(before[1], value)]);
  }
  return values.values();
}
