import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { ChaosResult } from '../../chaos/run-chaos.js';

const START = fileURLToPath(new URL('../../chaos/start.mjs', import.meta.url));
const SECONDS = 15; // `npm run chaos` goes on for 10 minutes
const TIMEOUT_MS = 150_000; // for a machine that has other things to do

describe('chaos: 4 server processes, 8 clients, and kills of broker, links and processes', () => {
  it(
    'every promise settles, no QoS 1 message is lost, nothing is left behind',
    async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [START, String(SECONDS)], { timeout: TIMEOUT_MS });
      const { problems, ...result } = JSON.parse(stdout) as ChaosResult;
      expect(problems).toEqual([]);
      expect(result).toMatchObject({ lost: [], unsettled: 0, leftovers: [] });
      const { broker, links, processes } = result.kills;
      expect(broker + links + processes).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
