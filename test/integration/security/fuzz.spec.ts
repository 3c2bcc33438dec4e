import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { ReaderFuzzResult } from '../../fuzz/reader-fuzz.js';
import type { FuzzResult } from '../../fuzz/run-fuzz.js';

const START = fileURLToPath(new URL('../../fuzz/start.mjs', import.meta.url));
const PACKETS = 10_000; // `npm run fuzz` throws ten times as many
const TIMEOUT_MS = 120_000; // for a machine that has other things to do

describe('hostile packets and payloads, thrown at server and client', () => {
  it.each([5, 4])(
    'no crash, no hang, no rejection that nobody handles, nothing polluted (version %i)',
    async (protocolVersion) => {
      const args = [START, String(PACKETS), String(protocolVersion)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
      const { problems, sent, handled, unsettled, reader } = JSON.parse(stdout) as FuzzResult & {
        reader: ReaderFuzzResult;
      };
      expect(problems).toEqual([]);
      expect(unsettled).toBe(0);
      expect(sent).toBeGreaterThanOrEqual(PACKETS);
      expect(handled).toBeGreaterThan(0);
      expect(reader).toMatchObject({ packets: PACKETS, problems: [] });
      expect(reader.kinds).toBe(16); // fifteen, and the one that does not exist
      expect(reader.violations).toBeGreaterThan(PACKETS / 10);
    },
    TIMEOUT_MS,
  );
});
