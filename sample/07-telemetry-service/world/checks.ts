import { isDeepStrictEqual } from 'node:util';
import { say } from './say.js';

/** Compares and prints a result; a difference makes the process fail. */
export function check(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return say('ok', what);
  process.exitCode = 1;
  say('FAILED', `${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}
