import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { SoakResult } from './soak/run-soak.js';

const START = fileURLToPath(new URL('./soak/start.mjs', import.meta.url));
const MESSAGES = 20_000; // `npm run soak` sends ten times as many
const TIMEOUT_MS = 120_000; // for a machine that has other things to do

/** In a process of its own, whose heap and unhandled rejections are nobody else's; it has to end by itself. */
async function soak(protocolVersion: number): Promise<SoakResult & { problems: string[] }> {
  const args = [START, String(MESSAGES), String(protocolVersion)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
  return JSON.parse(stdout) as SoakResult & { problems: string[] };
}

describe('many messages, with failures, retries and cuts', () => {
  it.each([5, 4])(
    'are all handled and acknowledged, and leave nothing behind (version %i)',
    async (protocolVersion) => {
      const { problems, ...result } = await soak(protocolVersion);
      expect(problems).toEqual([]);
      expect(result).toMatchObject({ unhandled: 0, acknowledged: MESSAGES, unaccounted: 0, unhandledRejections: [] });
    },
    TIMEOUT_MS,
  );
});
