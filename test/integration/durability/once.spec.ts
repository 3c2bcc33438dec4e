import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { describeWhereInstalled } from '../../support/executables.js';
import type { OnceReport } from '../../once/run-once.js';

const START = fileURLToPath(new URL('../../once/start.mjs', import.meta.url));
// `npm run once` has 20,000 events, 5,000 requests, and 50 kills of each process
const [EVENTS, REQUESTS, KILLS] = [400, 100, 3];
const TIMEOUT_MS = 180_000; // for a machine that has other things to do

async function run(): Promise<OnceReport> {
  const args = [START, String(EVENTS), String(REQUESTS), String(KILLS)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
    return JSON.parse(stdout) as OnceReport;
  } catch (error: unknown) {
    const { stdout = '' } = error as { stdout?: string };
    if (stdout === '') throw error;
    return JSON.parse(stdout) as OnceReport; // it says what the problems are
  }
}

describeWhereInstalled(
  ['mosquitto', 'redis-server', 'postgres', 'initdb'],
  'three processes of one group that are killed over and over',
  () => {
    it(
      'every effect is there exactly once, every request is answered once',
      async () => {
        const { problems, ...sum } = await run();
        expect(problems).toEqual([]);
        expect(sum).toMatchObject({ kills: 3 * KILLS, effects: EVENTS + REQUESTS, answered: REQUESTS });
      },
      TIMEOUT_MS,
    );
  },
);
