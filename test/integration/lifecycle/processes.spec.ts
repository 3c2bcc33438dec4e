/* oxlint-disable jest/no-standalone-expect -- scenarios of describeFaults */
import { afterAll, beforeAll, expect } from '@jest/globals';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { durable } from '../../support/durable-session.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { describeFaults } from './describe-faults.js';
import { PROCESSES } from './fault-table.js';
import type { JobReport } from './workers/jobs-worker.js';

const JOBS = 300;
const KEEPALIVE_SECONDS = 1;
/** Longer than the one and a half times that a broker waits [MQTT-3.1.2-22]. */
const STALL_MS = 3_000;

let program: CompiledWorker;
beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/jobs-worker.ts', import.meta.url));
});
afterAll(() => program.remove());

function jobsOf(reports: readonly JobReport[], state: JobReport['state']): number[] {
  return reports.filter((report) => report.state === state).map(({ job }) => job);
}

describeFaults(PROCESSES, {
  async terminated(version) {
    const { url } = await startInProcessBroker();
    const connection = durable(connectionTo(url, version));
    const first = await program.start<JobReport>({ connection });
    const client = createClient(connectionTo(url, version));
    const jobs = Array.from({ length: JOBS }, (_, n) => n);
    await Promise.all(jobs.map((n) => client.publish('jobs', n, { qos: 1 })));
    await first.reports.atLeast(20);
    await first.stop(); // SIGTERM
    const begun = [...first.reports.entries];
    expect(new Set(jobsOf(begun, 'ended'))).toEqual(new Set(jobsOf(begun, 'started')));
    const second = await program.start<JobReport>({ connection });
    const left = JOBS - jobsOf(begun, 'ended').length;
    expect(left).toBeGreaterThan(0);
    await second.reports.until((reports) => jobsOf(reports, 'ended').length >= left, 'the other jobs');
    const ended = [...jobsOf(begun, 'ended'), ...jobsOf(second.reports.entries, 'ended')];
    expect(ended.toSorted((a, b) => a - b)).toEqual(jobs);
  },

  async stalled(version) {
    const { broker, url } = await startInProcessBroker();
    const connection = { ...durable(connectionTo(url, version)), keepalive: KEEPALIVE_SECONDS };
    const worker = await program.start<JobReport>({ connection });
    const client = createClient(connectionTo(url, version));
    const givenUp = broker.waitFor('disconnect', ({ clientId }) => clientId === connection.clientId, {
      timeoutMs: 3 * STALL_MS,
    });
    const back = broker.waitFor('connect', ({ clientId }) => clientId === connection.clientId, {
      timeoutMs: 3 * STALL_MS,
    });
    await client.publish('stall', STALL_MS, { qos: 1 });
    await givenUp;
    await client.publish('jobs', 1, { qos: 1 });
    expect(await back).toMatchObject({ sessionPresent: true });
    expect((await worker.reports.atLeast(2)).map(({ state }) => state)).toEqual(['started', 'ended']);
  },
});
