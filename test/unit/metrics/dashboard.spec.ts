import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { mqttMetrics } from '../../../lib/metrics/index.js';
import { describeWhereInstalled, executable } from '../../support/executables.js';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../docs/observability/${name}`, import.meta.url));
const read = (name: string): string => readFileSync(pathOf(name), 'utf8');

/** Names and labels that are exported, those of histograms in all their forms. */
function exported(): { names: Set<string>; labels: Set<string> } {
  const registry = new Registry();
  mqttMetrics({ registry });
  const metrics = registry.getMetricsAsArray();
  const names = metrics.flatMap(({ name, type }) =>
    (type as unknown) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  const labels = metrics.flatMap((metric) => (metric as unknown as { labelNames: string[] }).labelNames);
  return { names: new Set(names), labels: new Set(labels) };
}

/** Every expression of a dashboard or of alert rules, wherever it stands. */
function expressionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'expr' || key === 'query') && typeof inner === 'string' ? [inner] : expressionsIn(inner),
  );
}

const DOCUMENTS: [string, unknown][] = [
  ['grafana-dashboard.json', JSON.parse(read('grafana-dashboard.json'))],
  ['prometheus-alerts.yaml', parse(read('prometheus-alerts.yaml'))],
];

describe.each(DOCUMENTS)('docs/observability/%s', (_name, document) => {
  const expressions = expressionsIn(document);
  const namesUsed = new Set(expressions.flatMap((expression) => expression.match(/\bmqtt_\w+/g) ?? []));

  it('asks for metrics that are exported, and for nothing else', () => {
    const { names } = exported();
    expect(namesUsed.size).toBeGreaterThan(5);
    expect([...namesUsed].filter((name) => !names.has(name))).toEqual([]);
  });

  it('groups and selects by labels that are exported', () => {
    const { labels } = exported();
    const grouped = expressions.flatMap((expression) => expression.match(/(?<=by \()[^)]*/g) ?? []);
    const selected = expressions.flatMap((expression) => expression.match(/\w+(?=(!?=~?)")/g) ?? []);
    const used = [...grouped.flatMap((list) => list.split(/,\s*/)), ...selected];
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((label) => label !== 'le' && !labels.has(label))).toEqual([]);
  });
});

describe('docs/observability/grafana-dashboard.json', () => {
  it('shows every metric', () => {
    const { names } = exported();
    const dashboard = read('grafana-dashboard.json');
    const shown = (name: string): boolean => dashboard.includes(name.replace(/_(bucket|sum|count)$/, ''));
    expect([...names].filter((name) => !shown(name))).toEqual([]);
  });
});

describeWhereInstalled(['promtool'], 'docs/observability/prometheus-alerts.yaml', () => {
  it('is accepted by promtool', async () => {
    const check = [executable('promtool'), ['check', 'rules', pathOf('prometheus-alerts.yaml')]] as const;
    const { stdout } = await promisify(execFile)(...check);
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  });
});

describe('docs/observability/metrics.md', () => {
  it('has a row for every metric, and none for another', async () => {
    const registry = new Registry();
    mqttMetrics({ registry });
    const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    const documented = [...read('metrics.md').matchAll(/^\| `(mqtt_\w+)`/gm)].map(([, name]) => name!);
    expect(new Set(documented)).toEqual(new Set(names));
    expect(documented).toHaveLength(names.length);
  });
});
