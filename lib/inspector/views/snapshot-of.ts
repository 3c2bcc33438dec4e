import type { MqttFigures } from '../../observing/mqtt-health.js';
import type { MqttHandlerFigures } from '../../observing/mqtt-observed-handler.js';
import type { InspectedApplication, InspectedHandler } from '../inspected-application.js';
import type { MqttInspector } from '../mqtt-inspector.js';
import type { ConnectionRecord } from '../records/connection-record.js';
import { excerpt } from './excerpt.js';
import { handlerId } from './handler-id.js';
import type { ConnectionView, HandlerView, Permissions, Snapshot, Some, Totals } from './snapshot.js';

/** Limit of handlers in a snapshot, which is sent every second. Of more, the busiest and those with problems are sent. */
const MAX_HANDLERS = 200;
const MAX_CONNECTIONS = 50;
const MAX_REFUSED = 20;

/** The current state for the page. */
export function snapshotOf(inspector: MqttInspector, application: InspectedApplication, may: Permissions): Snapshot {
  const records = [...inspector.connections.values()].slice(0, MAX_CONNECTIONS);
  const handlers = toldOf(records, inspector, application);
  return {
    at: Date.now(),
    may,
    clients: application.brokers,
    stores: application.keepers.map(({ id, broker }) => ({ id, broker })),
    oneIn: inspector.oneIn,
    totals: totalsOf(handlers),
    connections: records.map(connectionView),
    handlers: handlerViews(handlers),
    messages: inspector.inFlight.view(),
    requests: inspector.requests.view(),
    deadLetters: inspector.letters.view(),
    drops: inspector.drops,
    events: inspector.events,
  };
}

function connectionView({ id, connection, connects, since, lastError, refused }: ConnectionRecord): ConnectionView {
  const { role, name, broker, clientId, protocolVersion } = connection;
  const figures = connection.figures();
  const {
    connected,
    subscriptions,
    unsettled,
    oldestUnsettled,
    withheld = 0,
    running,
    waiting,
    queued,
    inFlight,
  } = figures;
  return {
    id,
    role,
    name,
    broker,
    clientId,
    protocolVersion,
    connected,
    since: connected ? since : undefined,
    reconnects: Math.max(0, connects - 1),
    lastError,
    wanted: subscriptions.wanted,
    granted: subscriptions.granted,
    refused: [...refused].slice(0, MAX_REFUSED).map(([filter, reason]) => ({ filter: excerpt(filter), reason })),
    window: figures.window,
    blockedBy: blockedBy(figures),
    running,
    waiting,
    unsettled,
    oldestUnsettled,
    withheld,
    pendingRequests: figures.pendingRequests,
    queued,
    inFlight,
  };
}

/** Why the broker delivers no messages: the window (Receive Maximum) is full. */
function blockedBy({ window, withheld = 0, unsettled }: MqttFigures): string | undefined {
  if (!window || window.used < window.size) return undefined;
  const causes = [
    ...(withheld > 0 ? [`${withheld} withheld until the session is resumed`] : []),
    ...(unsettled > 0 ? [`${unsettled} unsettled`] : []),
  ];
  return `${window.used} of ${window.size} messages fill the window: ${causes.join(', ') || 'their acknowledgements are being written'}`;
}

function toldOf(
  records: readonly ConnectionRecord[],
  inspector: MqttInspector,
  application: InspectedApplication,
): Told[] {
  return records.flatMap((record) => {
    const described = application.handlersOf(record.connection);
    return record.connection.handlers().map((figures, i) => ({
      record,
      figures,
      described: described[i],
      i,
      known: inspector.recordOf(figures.handler),
    }));
  });
}

function totalsOf(handlers: readonly Told[]): Totals {
  let [rate, running, waiting, failures]: [number | undefined, number, number, number] = [undefined, 0, 0, 0];
  for (const { figures, known } of handlers) {
    running += figures.running;
    waiting += figures.waiting;
    failures += known.failures;
    const { perSecond } = known.rate;
    if (perSecond !== undefined) rate = (rate ?? 0) + perSecond;
  }
  return { rate, running, waiting, failures };
}

function handlerViews(handlers: readonly Told[]): Some<HandlerView> {
  const some =
    handlers.length <= MAX_HANDLERS
      ? handlers
      : handlers.toSorted((a, b) => interest(b) - interest(a)).slice(0, MAX_HANDLERS);
  return { shown: some.map(handlerView), all: handlers.length };
}

interface Told {
  readonly record: ConnectionRecord;
  readonly figures: MqttHandlerFigures;
  readonly described: InspectedHandler | undefined;
  /** Index among the handlers of its server. */
  readonly i: number;
  readonly known: ReturnType<MqttInspector['recordOf']>;
}

function interest({ figures, known }: Told): number {
  return figures.running + figures.waiting + known.failures + (known.rate.perSecond ?? 0);
}

function handlerView({ record, figures, described, i, known }: Told): HandlerView {
  const { handler, running, waiting } = figures;
  const quantiles = known.durations.quantiles();
  return {
    id: handlerId(record, i),
    connection: record.id,
    broker: record.connection.name,
    kind: handler.kind,
    pattern: excerpt(handler.pattern),
    template: excerpt(handler.template),
    subscription: excerpt(handler.subscription),
    group: handler.group,
    source: handler.source,
    qosWanted: described?.options.qos,
    qosGranted: record.granted.get(handler.subscription),
    refused: record.refused.get(handler.subscription),
    policy: described?.options.ackPolicy,
    deadLetter: described?.options.deadLetter === true ? 'the store' : described?.options.deadLetter || undefined,
    running,
    waiting,
    withheld: known.withheld,
    rate: known.rate.perSecond,
    p50: quantiles?.p50,
    p99: quantiles?.p99,
    failures: known.failures,
    lastError: known.lastError,
  };
}
