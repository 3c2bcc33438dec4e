import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOM_FOR_GARBAGE } from '../../../bench/players/garbage.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { startInProcessBroker } from '../../support/test-broker.js';

/** Twice of what it was when this was written. What a change costs is for the benchmark to say: this is for accidents. */
const MAX_BYTES = 13_000;

let program: CompiledWorker;
beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/garbage-worker.ts', import.meta.url));
});
afterAll(() => program.remove());

it(`a request allocates no more than ${MAX_BYTES} bytes on its way to its handler and back`, async () => {
  const { url } = await startInProcessBroker();
  const { reports } = await program.start<number>({ url }, undefined, ROOM_FOR_GARBAGE);
  const [bytes] = await reports.atLeast(1);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(MAX_BYTES);
});
