import { register, type Registry } from 'prom-client';
import { OptionChecks } from '../options/option-checks.js';
import { namesOf } from '../options/option-names.js';

/** Options of {@link mqttMetrics}. */
export interface MqttMetricsOptions {
  /** Registry of the metrics. Default: the default registry of prom-client, which `@willsoto/nestjs-prometheus` also uses. */
  registry?: Registry;
  /** Prefix of all names. Default `mqtt_`. */
  prefix?: string;
  /** Upper bounds of the duration histograms, in seconds, ascending. Default: from 1 ms to 60 s. */
  buckets?: readonly number[];
}

export interface ResolvedMetricsOptions {
  readonly registry: Registry;
  readonly prefix: string;
  readonly buckets: readonly number[];
}

const DEFAULT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Valid prefix of a metric name. */
const PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

const NAMES = namesOf<MqttMetricsOptions>({ registry: true, prefix: true, buckets: true });

/** @throws InvalidOptionsError with all problems */
export function resolveMetricsOptions(options: MqttMetricsOptions = {}): ResolvedMetricsOptions {
  const checks = new OptionChecks();
  if (checks.object('the options', options)) checks.known('', options, NAMES);
  checks.done();
  const { registry = register, prefix = 'mqtt_', buckets = DEFAULT_BUCKETS } = options;
  checks.methods('registry', registry, ['registerMetric', 'getSingleMetric']);
  checks.wellFormed('prefix', prefix, prefixProblem, 'Give letters, digits and _, beginning with a letter');
  if (!isAscending(buckets))
    checks.report('buckets', 'they are not in ascending order', 'Give ascending numbers of seconds');
  checks.done();
  return { registry, prefix, buckets };
}

function prefixProblem(prefix: string): string | undefined {
  return PREFIX.test(prefix) ? undefined : `${JSON.stringify(prefix)} is not a valid prefix of a metric name`;
}

function isAscending(buckets: unknown): boolean {
  if (!Array.isArray(buckets) || buckets.length === 0) return false;
  // prom-client adds a bucket for Infinity by itself: Prometheus refuses a page that has it twice
  return buckets.every((bound, i) => Number.isFinite(bound) && bound > (i === 0 ? 0 : (buckets[i - 1] as number)));
}
