import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { KillsReport } from '../../kills/report.js';
import type { Victim } from '../../kills/result.js';
import { describeWhereInstalled } from '../../support/executables.js';

const START = fileURLToPath(new URL('../../kills/start.mjs', import.meta.url));
const KILLS = 8; // `npm run kills` has 200 of them
const TIMEOUT_MS = 120_000; // for a machine that has other things to do

/** In a process of its own, whose unhandled rejections are nobody else's; it has to end by itself. */
async function kill(victim: Victim): Promise<KillsReport> {
  const args = [START, String(KILLS), victim];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
    return JSON.parse(stdout) as KillsReport;
  } catch (error: unknown) {
    const { stdout = '' } = error as { stdout?: string };
    if (stdout === '') throw error;
    return JSON.parse(stdout) as KillsReport; // it says what the problems are
  }
}

describeWhereInstalled(['mosquitto'], 'kills under load, versions 5.0 and 3.1.1', () => {
  describe('of the broker: the in-process one, Mosquitto with persistence, and without', () => {
    it(
      'every publish comes to its end and none is refused; nothing is lost, twice at QoS 2 or out of order',
      async () => {
        const { problems, runs, ...sum } = await kill('broker');
        expect(problems).toEqual([]);
        expect(sum).toMatchObject({ lost: 0, outOfOrder: { 1: 0, 2: 0 } });
        expect(runs.map((run) => run.kills)).toEqual([
          KILLS / 2,
          KILLS / 2,
          KILLS / 2,
          KILLS / 2,
          KILLS / 4,
          KILLS / 4,
        ]);
        for (const { broker, acknowledged, published, duplicates, effects } of runs) {
          if (broker !== 'in-process broker') continue; // whose sessions are kept
          expect([acknowledged, effects]).toEqual([published, published]);
          expect(duplicates[2]).toBe(0);
        }
      },
      TIMEOUT_MS,
    );
  });

  describe('of the worker, on the in-process broker and on Mosquitto', () => {
    it(
      'every message has its effect, in order, and none twice in one life',
      async () => {
        const { problems, runs, ...sum } = await kill('worker');
        expect(problems).toEqual([]);
        expect(sum).toMatchObject({ kills: { worker: KILLS }, lost: 0, outOfOrder: { 1: 0, 2: 0 } });
        expect(sum.effects).toBe(sum.published);
        expect(runs.every(({ unfounded }) => unfounded[1] + unfounded[2] === 0)).toBe(true);
      },
      TIMEOUT_MS,
    );
  });
});
