import { InvalidOptionsError, type OptionProblem } from '../errors/invalid-options.error.js';

interface Range {
  readonly min: number;
  readonly max?: number;
  /** Whether `Infinity` is a value too. */
  readonly infinite?: boolean;
}

/** Collects what is wrong with a set of options, so that the user reads all of it at once. */
export class OptionChecks {
  private readonly problems: OptionProblem[] = [];

  report(option: string, problem: string, remedy: string): void {
    this.problems.push({ option, problem, remedy });
  }

  /** A whole number within `range`; undefined passes. */
  integer(option: string, value: unknown, { min, max = Number.MAX_SAFE_INTEGER, infinite = false }: Range): void {
    if (value === undefined || (infinite && value === Infinity)) return;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
    const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
    this.report(
      option,
      `${describe(value)} is no valid number`,
      `Give a whole number from ${min}${upTo}${infinite ? ', or Infinity' : ''}`,
    );
  }

  /** A number within `range`, whole or not; undefined passes. */
  number(option: string, value: unknown, { min }: Pick<Range, 'min'>): void {
    if (value === undefined || (typeof value === 'number' && value >= min)) return;
    this.report(option, `${describe(value)} is no valid number`, `Give a number of at least ${min}`);
  }

  oneOf(option: string, value: unknown, allowed: readonly unknown[]): void {
    if (value === undefined || allowed.includes(value)) return;
    this.report(option, `${describe(value)} is not known`, `Use one of ${allowed.map(describe).join(', ')}`);
  }

  boolean(option: string, value: unknown): void {
    if (value === undefined || typeof value === 'boolean') return;
    this.report(option, `${describe(value)} is neither true nor false`, 'Use true or false');
  }

  text(option: string, value: unknown): void {
    if (value === undefined || typeof value === 'string') return;
    this.report(option, `${describe(value)} is no string`, 'Give a string');
  }

  /** A text that `problemOf` finds nothing wrong with; undefined passes. */
  wellFormed(option: string, value: unknown, problemOf: (text: string) => string | undefined, remedy: string): void {
    if (typeof value !== 'string') {
      this.text(option, value);
      return;
    }
    const problem = problemOf(value);
    if (problem !== undefined) this.report(option, problem, remedy);
  }

  /** A list whose members `check` looks at one by one; undefined passes. */
  list(option: string, value: unknown, check: (option: string, member: unknown) => void): void {
    if (value === undefined) return;
    if (Array.isArray(value)) for (const [i, member] of value.entries()) check(`${option}[${i}]`, member);
    else this.report(option, `${describe(value)} is no array`, 'Give an array');
  }

  /** @returns whether `value` is an object, whose own options can be checked; undefined is none, and passes */
  object<T extends object>(option: string, value: T | undefined): value is T {
    if (value === undefined) return false;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return true;
    this.report(option, `${describe(value)} is no set of options`, 'Give an object');
    return false;
  }

  callable(option: string, value: unknown): void {
    if (value === undefined || typeof value === 'function') return;
    this.report(option, `${describe(value)} is no function`, 'Give a function');
  }

  /** An object that has the given methods; undefined passes. */
  methods(option: string, value: unknown, names: readonly string[]): void {
    if (value === undefined) return;
    const target = value as Record<string, unknown> | null;
    if (typeof target === 'object' && target !== null && names.every((name) => typeof target[name] === 'function'))
      return;
    this.report(
      option,
      `${describe(value)} does not have ${names.join(' and ')}`,
      `Give an object with the methods ${names.join(', ')}`,
    );
  }

  /** @throws InvalidOptionsError when anything was reported */
  done(): void {
    if (this.problems.length > 0) throw new InvalidOptionsError(this.problems);
  }
}

/** Shows a value in a message without showing what it holds. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
