import type { OptionChecks } from './option-checks.js';
import { withDefaults } from './with-defaults.js';

/** How a lost connection, or one that never came about, is tried again. All durations are milliseconds. */
export interface ReconnectOptions {
  /** Longest wait before the first new attempt. Default 1_000. */
  initialDelay?: number;
  /** Bound of the growing wait. Default 60_000. */
  maxDelay?: number;
  /** What the wait is multiplied with after each failed attempt. Default 2. */
  factor?: number;
  /** Whether each wait is a random one between zero and the computed one ("full jitter"), so that a fleet does not come back at once. Default true. */
  jitter?: boolean;
  /** Attempts in a row after which it gives up. Default `Infinity`. */
  maxAttempts?: number;
}

export type ResolvedReconnectOptions = Readonly<Required<ReconnectOptions>>;

export const DEFAULT_RECONNECT: ResolvedReconnectOptions = Object.freeze({
  initialDelay: 1_000,
  maxDelay: 60_000,
  factor: 2,
  jitter: true,
  maxAttempts: Infinity,
});

const RECONNECT_NAMES: ReadonlySet<string> = new Set(Object.keys(DEFAULT_RECONNECT));

export function checkReconnect(checks: OptionChecks, reconnect: ReconnectOptions | false | undefined): void {
  if (reconnect === undefined || reconnect === false) return;
  if (typeof reconnect !== 'object' || reconnect === null) {
    checks.report(
      'reconnect',
      'it is neither false nor an object',
      'Give false, or { initialDelay, maxDelay, factor, jitter, maxAttempts }',
    );
    return;
  }
  checks.known('reconnect', reconnect, RECONNECT_NAMES);
  checks.duration('reconnect.initialDelay', reconnect.initialDelay, { min: 0 });
  checks.duration('reconnect.maxDelay', reconnect.maxDelay, { min: 0 });
  checks.number('reconnect.factor', reconnect.factor, { min: 1 });
  checks.boolean('reconnect.jitter', reconnect.jitter);
  checks.integer('reconnect.maxAttempts', reconnect.maxAttempts, { min: 1, infinite: true });
}

export function resolveReconnect(reconnect: ReconnectOptions | false | undefined): ResolvedReconnectOptions | false {
  return reconnect === false ? false : Object.freeze(withDefaults(DEFAULT_RECONNECT, reconnect));
}
