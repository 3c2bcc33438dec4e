import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { scripts } from './commands.js';
import { World, type Setup } from './world.js';

const RUNS = 600;
/** A slow machine does fewer. What fails is then reported as far as it has been shrunk. */
const MOST_MS = 8_000;

const NOT_FAKED = ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask', 'performance'] as const;

/** Streams go on by themselves; time passes when the script says so. */
beforeEach(() => void jest.useFakeTimers({ doNotFake: [...NOT_FAKED] }));
afterEach(() => void jest.useRealTimers());

const setups: fc.Arbitrary<Setup> = fc
  .record({
    protocolVersion: fc.constantFrom(5 as const, 5 as const, 4 as const),
    offline: fc.constantFrom('queue' as const, 'queue' as const, 'fail' as const),
    aliases: fc.constantFrom(0, 0, 2),
    stored: fc.constantFrom(false, false, false, true),
  })
  .map((setup) => (setup.protocolVersion === 4 ? { ...setup, aliases: 0 } : setup)); // 3.1.1 has none

it('whatever happens, in whichever order: each message has one end, and each acknowledgement leaves once, in order', async () => {
  const begun = performance.now();
  await fc.assert(
    fc.asyncProperty(setups, fc.constantFrom(true, true, false), scripts, async (setup, connected, script) => {
      if (performance.now() - begun > MOST_MS) return;
      const world = new World(setup);
      if (connected) world.connect({ resumed: false, receiveMaximum: 3 }, true);
      await fc.asyncModelRun(() => ({ model: { connected, closed: false }, real: world }), script);
      await world.finish();
      expect(world.violations).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
