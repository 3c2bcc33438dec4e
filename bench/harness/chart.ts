import { init } from 'echarts';
import type { ContestantName } from '../contestants/contestants.js';
import type { Measurements } from './markdown.js';
import { valuesOf } from './measurement.js';
import { pairedRatios, summarize } from './statistics.js';

interface Group {
  readonly label: string;
  readonly workload: string;
  readonly case: string;
  readonly figure: string;
}

interface Series {
  readonly label: string;
  readonly color: string;
  /** The first one that was measured. */
  readonly contestants: readonly ContestantName[];
}

const GROUPS: readonly Group[] = [
  ...[1, 32, 256].map((inFlight) => rpc(0, inFlight)),
  ...[1, 32].map((inFlight) => rpc(1, inFlight)),
  events('received', 0),
  events('received', 1),
  events('published', 0),
];

function rpc(qos: number, inFlight: number): Group {
  const name = `${inFlight} in flight`;
  return { label: `RPC QoS ${qos}\n${name}`, workload: `rpc-qos${qos}`, case: name, figure: 'calls/s' };
}

function events(which: string, qos: number): Group {
  const workload = `events-${which}-qos${qos}`;
  return { label: `events\n${which}\nQoS ${qos}`, workload, case: '100 bytes', figure: 'events/s' };
}

const SERIES: readonly Series[] = [
  { label: 'nestjs-mqtt-transport', color: '#1f6feb', contestants: ['transport'] },
  { label: 'raw MQTT.js', color: '#8b949e', contestants: ['mqttjs'] },
  // pinned where it can be: its best case
  { label: 'Nest 12 (calls: pinned)', color: '#e5534b', contestants: ['nest12-pinned', 'nest12'] },
  { label: 'mqtt-packet alone (the floor)', color: '#d0d7de', contestants: ['floor'] },
];

/** Throughput relative to raw MQTT.js, as SVG. Groups that were not measured are left out. */
export function drawChart(measurements: Measurements): string {
  const groups = GROUPS.filter((group) => ratio(measurements, group, 'mqttjs') !== undefined);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 1_100, height: 460 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif', color: '#1f2328' },
    title: { text: 'Throughput relative to raw MQTT.js (= 1), higher is better', left: 'center', top: 12 },
    legend: {
      top: 46,
      itemGap: 48, // fonts differ in width
      textStyle: { fontSize: 13 },
    },
    grid: { left: 60, right: 24, top: 92, bottom: 72 },
    xAxis: {
      type: 'category',
      data: groups.map(({ label }) => label),
      axisTick: { show: false },
      axisLabel: { interval: 0, fontSize: 13, lineHeight: 18, color: '#1f2328' },
    },
    yAxis: { type: 'value', min: 0, axisLabel: { fontSize: 13, color: '#1f2328' } },
    series: SERIES.map(({ label, color, contestants }) => ({
      type: 'bar' as const,
      name: label,
      itemStyle: { color },
      barGap: '8%',
      barCategoryGap: '22%',
      data: groups.map((group) => {
        const found = contestants.map((contestant) => ratio(measurements, group, contestant));
        return found.find((value) => value !== undefined) ?? '-';
      }),
      label: {
        show: label !== 'raw MQTT.js', // it is 1
        position: 'top' as const,
        fontSize: 11,
        color: '#1f2328',
        formatter: ({ value }: { value: unknown }) => (typeof value === 'number' ? value.toFixed(2) : ''),
      },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function ratio(measurements: Measurements, group: Group, contestant: ContestantName): number | undefined {
  const measurement = measurements[group.workload];
  const values = measurement && valuesOf(measurement, contestant, group.case, group.figure);
  const base = measurement && valuesOf(measurement, 'mqttjs', group.case, group.figure);
  return values && base && summarize(pairedRatios(values, base)).median;
}
