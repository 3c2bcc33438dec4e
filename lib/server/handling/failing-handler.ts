import { describeThrown } from '../../errors/describe-thrown.js';
import { DEFAULT_RETRY } from '../../options/subscription-options.js';
import type { ServedHandler } from './served-handler.js';

/** A handler that always fails, without retry: used when a function in its options (such as `orderBy`) has failed for a message. */
export function failingHandler(handler: ServedHandler, option: string, cause: unknown): ServedHandler {
  const error = new Error(`${option} failed: ${describeThrown(cause)}`, { cause });
  const fail = (): never => {
    throw error;
  };
  return { ...handler, callback: fail as never, options: { ...handler.options, retry: DEFAULT_RETRY } };
}
