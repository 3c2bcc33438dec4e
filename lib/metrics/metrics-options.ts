import { register, type Registry } from 'prom-client';
import { OptionChecks } from '../options/option-checks.js';
import { namesOf } from '../options/option-names.js';

/** What the metrics are called, and where they are registered. */
export interface MqttMetricsOptions {
  /** Where the metrics are registered. Default: prom-client's default registry, which `@willsoto/nestjs-prometheus` serves too. */
  registry?: Registry;
  /** Beginning of every name. Default `mqtt_`. */
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
/** Of a metric's name; the rest of it is ours. */
const PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

const NAMES = namesOf<MqttMetricsOptions>({ registry: true, prefix: true, buckets: true });

/** @throws InvalidOptionsError with all problems */
export function resolveMetricsOptions(options: MqttMetricsOptions = {}): ResolvedMetricsOptions {
  const checks = new OptionChecks();
  if (checks.object('the options', options)) checks.known('', options, NAMES);
  checks.done();
  const { registry = register, prefix = 'mqtt_', buckets = DEFAULT_BUCKETS } = options;
  checks.methods('registry', registry, ['registerMetric', 'getSingleMetric']);
  checks.wellFormed('prefix', prefix, prefixProblem, 'Give letters, digits and _, a letter first');
  if (!isAscending(buckets))
    checks.report('buckets', 'they do not ascend', 'Give finite numbers of seconds, each larger than the one before');
  checks.done();
  return { registry, prefix, buckets };
}

function prefixProblem(prefix: string): string | undefined {
  return PREFIX.test(prefix) ? undefined : `no metric can begin with ${JSON.stringify(prefix)}`;
}

function isAscending(buckets: unknown): boolean {
  if (!Array.isArray(buckets) || buckets.length === 0) return false;
  // prom-client adds a bucket for Infinity by itself: Prometheus refuses a page that has it twice
  return buckets.every((bound, i) => Number.isFinite(bound) && bound > (i === 0 ? 0 : (buckets[i - 1] as number)));
}
