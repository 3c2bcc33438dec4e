import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { Journal } from '../../support/journal.js';
import { createClient } from '../../support/nest-application.js';
import type { StreamWorkerParameters, StreamWorkerReport } from './workers/stream-worker.js';

const NAMES = ['first', 'second'];
const STREAMS = 6;

let program: CompiledWorker;

beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/stream-worker.ts', import.meta.url));
});

afterAll(() => program.remove());

describeEachBroker(
  'streams of two processes in one group',
  (broker) => {
    it('a caller that is gone stops its own stream, at the process that runs it', async () => {
      const reports = new Journal<StreamWorkerReport>();
      const { connection } = broker;
      for (const name of NAMES) await program.start({ connection, name } satisfies StreamWorkerParameters, reports);
      const client = createClient(connection);
      const runningAt = new Map<number, string>();
      const begun = new Journal<number>();
      const streams = Array.from({ length: STREAMS }, (_, stream) => {
        return client.send<string>('endless', stream).subscribe({
          next: (name) => {
            runningAt.set(stream, name);
            begun.add(stream);
          },
        });
      });
      await begun.atLeast(STREAMS);
      expect(new Set(runningAt.values())).toEqual(new Set(NAMES));
      for (const stream of [1, 4, 0]) {
        reports.clear();
        streams[stream]!.unsubscribe();
        const name = runningAt.get(stream)!;
        expect((await reports.atLeast(2)).toSorted(byWhat)).toEqual([
          { name, stream, what: 'aborted' },
          { name, stream, what: 'unsubscribed' },
        ]);
      }
      for (const stream of streams) stream.unsubscribe();
    });
  },
  { versions: [5] },
);

function byWhat(a: StreamWorkerReport, b: StreamWorkerReport): number {
  return a.what.localeCompare(b.what);
}
