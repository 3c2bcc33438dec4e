import { isDeepStrictEqual } from 'node:util';
import { say } from './say.js';

/** Says whether something is as it should be; the process fails when something is not. */
export function check(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return say('ok', what);
  process.exitCode = 1;
  say('FAILED', `${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}
