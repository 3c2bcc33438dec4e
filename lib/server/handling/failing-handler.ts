import { describeThrown } from '../../errors/describe-thrown.js';
import { DEFAULT_RETRY } from '../../options/subscription-options.js';
import type { ServedHandler } from './served-handler.js';

/** The same handler, failing at once and for good, because a function of the application that it needs has failed. */
export function failingHandler(handler: ServedHandler, option: string, cause: unknown): ServedHandler {
  const error = new Error(`${option} failed: ${describeThrown(cause)}`, { cause });
  const fail = (): never => {
    throw error;
  };
  return { ...handler, callback: fail as never, options: { ...handler.options, retry: DEFAULT_RETRY } };
}
