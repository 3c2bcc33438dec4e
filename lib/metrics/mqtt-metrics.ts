import { Registry, type Metric } from 'prom-client';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { MqttDeadLetter, MqttDelivery, MqttHandled, MqttSettlement } from '../observing/mqtt-delivery.js';
import type { MqttObservedHandler } from '../observing/mqtt-observed-handler.js';
import type { MqttDrop } from '../observing/mqtt-drop.js';
import type { MqttConnectionEvent, MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import type { MqttObservedRequest, MqttRequestEnd } from '../observing/mqtt-observed-request.js';
import type { MqttObserver } from '../observing/mqtt-observer.js';
import type { MqttPublication, MqttPublishEnd } from '../observing/mqtt-publication.js';
import { ConnectionGauges } from './connection-gauges.js';
import { HandlerSeries } from './handler-series.js';
import { instruments, type Instruments } from './instruments.js';
import { brokerOf, OTHER } from './labels.js';
import { resolveMetricsOptions, type MqttMetricsOptions, type ResolvedMetricsOptions } from './metrics-options.js';
import { TopicSeries } from './topic-series.js';

/** One set of metrics for each registry and prefix: server and client may each call `mqttMetrics()`. */
const observersOf = new WeakMap<Registry, Map<string, MqttMetrics>>();

/**
 * Prometheus metrics of servers and clients. Labels are declared patterns, outcomes and reasons: the number of series does not grow with
 * the number of topics. `docs/observability` has a dashboard and alert rules.
 *
 * Returns the same observer when it is called again with the same registry and prefix; other options are then ignored.
 *
 * @throws InvalidOptionsError
 * @example
 * ```ts
 * import { register } from 'prom-client';
 *
 * MqttModule.forRoot({ url: 'mqtt://localhost:1883', observers: [mqttMetrics()] });
 * // in a controller: @Get('metrics') metrics() { return register.metrics(); }
 * ```
 */
export function mqttMetrics(options?: MqttMetricsOptions): MqttObserver {
  const resolved = resolveMetricsOptions(options);
  const { registry, prefix } = resolved;
  let observers = observersOf.get(registry);
  if (!observers) observersOf.set(registry, (observers = new Map<string, MqttMetrics>()));
  let observer = observers.get(prefix);
  const isRegistered = registry.getSingleMetric(`${prefix}connections`) !== undefined; // else the registry was cleared
  if (!observer || !isRegistered) observers.set(prefix, (observer = registered(resolved)));
  return observer;
}

/** Registers all metrics or none. @throws InvalidOptionsError when the registry has a metric of the same name */
function registered(options: ResolvedMetricsOptions): MqttMetrics {
  const { registry, prefix } = options;
  const own = new Registry();
  const observer = new MqttMetrics({ ...options, registry: own });
  const metrics = own.getMetricsAsArray();
  const taken = metrics.map(({ name }) => name).filter((name) => registry.getSingleMetric(name) !== undefined);
  if (taken.length > 0) {
    const problem = `with ${JSON.stringify(prefix)} these metrics are in the registry already: ${taken.join(', ')}`;
    throw new InvalidOptionsError([
      { option: 'prefix', problem, remedy: 'Choose another prefix, or another registry' },
    ]);
  }
  for (const metric of metrics) registry.registerMetric(metric as unknown as Metric);
  return observer;
}

class MqttMetrics implements MqttObserver {
  private readonly instruments: Instruments;
  private readonly gauges: ConnectionGauges;
  private readonly handlers = new WeakMap<MqttObservedHandler, HandlerSeries>();
  private readonly publishes = new Map<string, TopicSeries<MqttPublishEnd['outcome']>>();
  private readonly requests = new Map<string, TopicSeries<MqttRequestEnd['outcome']>>();

  constructor(options: ResolvedMetricsOptions) {
    this.instruments = instruments(options);
    this.gauges = new ConnectionGauges(options);
  }

  publish({ connection, template = OTHER, kind }: MqttPublication): (end: MqttPublishEnd) => void {
    const broker = brokerOf(connection);
    const key = `${kind}\0${broker}\0${template}`; // a topic cannot contain U+0000
    let series = this.publishes.get(key);
    if (!series) {
      const { published, publishDuration } = this.instruments;
      const labels = { broker, topic: template, kind };
      series = new TopicSeries((outcome) => published.cell({ ...labels, outcome }), publishDuration.labels(labels));
      this.publishes.set(key, series);
    }
    return series.begin();
  }

  request({ connection, template = OTHER }: MqttObservedRequest): (end: MqttRequestEnd) => void {
    const broker = brokerOf(connection);
    const key = `${broker}\0${template}`;
    let series = this.requests.get(key);
    if (!series) {
      const { requests, requestDuration } = this.instruments;
      const labels = { broker, topic: template };
      series = new TopicSeries((outcome) => requests.cell({ ...labels, outcome }), requestDuration.labels(labels));
      this.requests.set(key, series);
    }
    return series.begin();
  }

  received(delivery: MqttDelivery): void {
    this.seriesOf(delivery).received.count++;
  }

  retried(delivery: MqttDelivery): void {
    this.seriesOf(delivery).retries.count++;
  }

  handled(delivery: MqttDelivery, handled: MqttHandled): void {
    this.seriesOf(delivery).handled(handled);
  }

  deadLettered(delivery: MqttDelivery, letter: MqttDeadLetter): void {
    this.seriesOf(delivery).deadLettered(letter);
  }

  settled(delivery: MqttDelivery, settlement: MqttSettlement): void {
    this.seriesOf(delivery).settled(settlement);
  }

  dropped({ connection, reason, handler }: MqttDrop): void {
    const broker = brokerOf(connection);
    const { lateReplies, dropped } = this.instruments;
    if (reason === 'late-reply') lateReplies.cell({ broker }).count++;
    else dropped.cell({ broker, handler: handler?.template ?? OTHER, reason }).count++;
  }

  connection(connection: MqttObservedConnection, event: MqttConnectionEvent): void {
    const { reconnects, sessionsLost } = this.instruments;
    const labels = { broker: brokerOf(connection), role: connection.role };
    if (event.kind === 'opened') this.gauges.opened(connection);
    else if (event.kind === 'closed') this.gauges.closed(connection);
    else if (event.kind === 'connected' && !event.first) reconnects.cell(labels).count++;
    else if (event.kind === 'session-lost') sessionsLost.cell(labels).count++;
  }

  private seriesOf(delivery: MqttDelivery): HandlerSeries {
    const { handler } = delivery;
    let series = this.handlers.get(handler);
    if (!series) this.handlers.set(handler, (series = new HandlerSeries(this.instruments, delivery)));
    return series;
  }
}
