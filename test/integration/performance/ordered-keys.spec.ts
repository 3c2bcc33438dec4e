import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { startInProcessBroker } from '../../support/test-broker.js';
import type { OrderedKeysParameters, OrderedKeysReport } from './workers/ordered-keys-worker.js';

/** By the first one everything that stays is there. */
const MARKS = [100_000, 1_000_000];
/** An object that stayed for each key would take many times as much. */
const MAX_GROWTH_BYTES = 2 * 1_024 ** 2;
const TIMEOUT_MS = 180_000; // for a machine that has other things to do

let program: CompiledWorker;
beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/ordered-keys-worker.ts', import.meta.url));
});
afterAll(() => program.remove());

it(
  'orderBy: memory is as before after messages of 1,000,000 keys',
  async () => {
    const { url } = await startInProcessBroker();
    const parameters: OrderedKeysParameters = { url, marks: MARKS };
    const { reports } = await program.start<OrderedKeysReport>(parameters, undefined, ['--expose-gc']);
    const [first, last] = await reports.atLeast(2, TIMEOUT_MS);
    expect([first!.handled, last!.handled]).toEqual(MARKS);
    expect(last!.heapBytes - first!.heapBytes).toBeLessThan(MAX_GROWTH_BYTES);
  },
  TIMEOUT_MS,
);
