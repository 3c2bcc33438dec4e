import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { Journal } from '../../support/journal.js';
import type { TracedServiceParameters, TracedServiceReport } from './workers/traced-service.js';

type Span = Extract<TracedServiceReport, { name: string }>;

const TRACE = '0af7651916cd43dd8448eb211c80319c';

let program: CompiledWorker;
beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/traced-service.ts', import.meta.url));
});
afterAll(() => program.remove());

describeEachBroker('a call over HTTP, RPC and an event, in three processes', (broker) => {
  // on 3.1.1 the trace travels in the metadata of Nest's envelope
  it('is one trace, each step the child of the one before', async () => {
    const reports = new Journal<TracedServiceReport>();
    const start = (role: TracedServiceParameters['role']): Promise<unknown> =>
      program.start<TracedServiceReport>({ connection: broker.connection, role }, reports);
    await Promise.all([start('rpc'), start('events')]);
    await start('http');
    const http = await reports.first((report) => 'port' in report);
    if (!('port' in http)) throw new Error('unreachable');
    const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
    const answer = await fetch(`http://localhost:${http.port}/orders`, { headers });
    expect(await answer.text()).toBe('order 7');

    await reports.until((told) => told.filter((report) => 'name' in report).length === 7, 'all spans of the call');
    const spans = new Map(
      reports.entries.filter((report): report is Span => 'name' in report).map((span) => [span.name, span]),
    );
    expect(new Set([...spans.values()].map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const chain = [
      'GET /orders',
      'request traced/orders',
      'publish traced/orders',
      'process traced/orders',
      'publish traced/shipments',
      'process traced/shipments',
    ];
    const parents = chain.slice(1).map((name) => spans.get(name)?.parent);
    expect(parents).toEqual(chain.slice(0, -1).map((name) => spans.get(name)?.spanId));
    expect(spans.get('reply traced/orders')?.parent).toBe(spans.get('process traced/orders')?.spanId);
  });
});
