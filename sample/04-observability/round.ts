import { setTimeout as sleep } from 'node:timers/promises';
import type { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { say } from '../01-quick-start/say.js';
import { traceTree } from './trace-tree.js';

const PATIENCE_MS = 10_000;
/** The last span of the trace: the handler of the dead letter. */
const LAST = 'process shop/failed';
const EXPECTED = ['GET /orders/:orderId/price', 'process shop/{orderId}/price', 'process shop/{orderId}/priced', LAST];
const COUNTED = [
  'mqtt_requests_total{broker="default",topic="shop/{orderId}/price",outcome="replied"} 1',
  'mqtt_message_retries_total{broker="default",handler="shop/{orderId}/priced"} 1',
  'mqtt_dead_letters_total{broker="default",handler="shop/{orderId}/priced",outcome="accepted"} 1',
];

/** Requests a price, and shows the trace and some of the metrics. @returns the problems */
export async function playRound(address: string, exporter: InMemorySpanExporter): Promise<string[]> {
  const response = await fetch(`${address}/orders/7/price`);
  say('http', `GET /orders/7/price: ${response.status} ${await response.text()}`);
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(20))
    if (exporter.getFinishedSpans().some(({ name }) => name === LAST)) break;

  const spans = exporter.getFinishedSpans();
  const root = spans.find(({ name }) => name.startsWith('GET'));
  const traceId = root?.spanContext().traceId;
  const tree = traceTree(spans.filter((span) => span.spanContext().traceId === traceId));
  for (const line of tree) say('trace', line);

  const metrics = await (await fetch(`${address}/metrics`)).text();
  for (const line of COUNTED) say('metrics', line);
  return [
    ...EXPECTED.filter((name) => !tree.some((line) => line.trim().startsWith(name))).map((name) => `no span "${name}"`),
    ...COUNTED.filter((line) => !metrics.includes(line)).map((line) => `no line ${line}`),
  ];
}
