import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';

/** The options that `action` complains about; none when it does not. Every complaint comes with its remedy. */
export function problemsOf(action: () => unknown): string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (!(error instanceof InvalidOptionsError)) throw error;
    return error.problems.map(({ option, problem, remedy }) =>
      problem && remedy ? option : `${option} without remedy`,
    );
  }
}

/** The value itself, in which nothing can be changed any more, at any depth. */
export function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  for (const member of Object.values(value)) deepFrozen(member);
  return Object.freeze(value);
}
