/** Runs of a message before it is given up. */
export const ATTEMPTS = 3;

const NEVER_SUCCEEDS = ATTEMPTS;

/** What the handler makes of a message, drawn at random but the same whenever the message comes again. */
export interface MessagePlan {
  /** Runs that fail before one succeeds; with {@link ATTEMPTS} of them the message is given up. */
  readonly failures: number;
  /** Whether the handler takes a turn of the event loop or more. */
  readonly pause: 'none' | 'microtask' | 'immediate' | 'timer';
}

const PAUSES = ['none', 'none', 'microtask', 'immediate', 'immediate', 'immediate', 'timer', 'none'] as const;

export function planOf(message: number): MessagePlan {
  const drawn = Math.imul(message + 1, 0x9e3779b1) >>> 0; // Fibonacci hashing: cheap, and spreads
  const percent = (drawn >>> 8) % 100;
  const failures = percent < 2 ? NEVER_SUCCEEDS : percent < 5 ? 1 + (drawn & 1) : 0;
  return { failures, pause: PAUSES[drawn >>> 29]! };
}
