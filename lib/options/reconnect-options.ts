import type { OptionChecks } from './option-checks.js';
import { withDefaults } from './with-defaults.js';

/** Delays between attempts to connect. All durations are in milliseconds. */
export interface ReconnectOptions {
  /** Maximum delay before the first new attempt. Default 1_000. */
  initialDelay?: number;
  /** Maximum delay before any attempt. Default 60_000. */
  maxDelay?: number;
  /** Factor by which the delay grows after each failed attempt. Default 2. */
  factor?: number;
  /** Whether each delay is a random value between zero and the computed one ("full jitter"), so that many clients do not reconnect at the same moment. Default true. */
  jitter?: boolean;
  /** Number of failed attempts in a row after which reconnecting is given up. Default `Infinity`. */
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
