import { InvalidOptionsError, type OptionProblem } from '../errors/invalid-options.error.js';
import { likelyName } from './option-names.js';
import { DISCOURAGED_REMEDY, discouragedProblem, type DiscouragedCharacters } from './discouraged-characters.js';

interface Range {
  readonly min: number;
  readonly max?: number;
  /** Whether `Infinity` is a value too. */
  readonly infinite?: boolean;
}

/** Collects the problems of a set of options, so that one error can list them all. */
export class OptionChecks {
  private readonly problems: OptionProblem[] = [];

  /** @param discouraged the connection's option; `'allow'` while the connection is not known: messages are checked again when they are sent */
  constructor(private readonly discouraged: DiscouragedCharacters = 'allow') {}

  report(option: string, problem: string, remedy: string): void {
    this.problems.push({ option, problem, remedy });
  }

  /** A whole number within `range`; undefined passes. */
  integer(option: string, value: unknown, range: Range): void {
    this.whole(option, value, range, 'number', 'a whole number');
  }

  /** A duration within `range`, in whole milliseconds; undefined passes. */
  duration(option: string, value: unknown, range: Range): void {
    this.whole(option, value, range, 'duration', 'whole milliseconds');
  }

  /** A number within `range`, whole or not; undefined passes. */
  number(option: string, value: unknown, { min }: Pick<Range, 'min'>): void {
    if (value === undefined || (typeof value === 'number' && value >= min)) return;
    this.report(option, `${describe(value)} is not a valid number`, `Give a number of at least ${min}`);
  }

  oneOf(option: string, value: unknown, allowed: readonly unknown[]): void {
    if (value === undefined || allowed.includes(value)) return;
    this.report(option, `${describe(value)} is not a valid value`, `Use one of ${allowed.map(describe).join(', ')}`);
  }

  boolean(option: string, value: unknown): void {
    if (value === undefined || typeof value === 'boolean') return;
    this.report(
      option,
      `it is ${typeof value === 'string' ? `the string ${describe(value)}` : describe(value)}`,
      'Use true or false',
    );
  }

  text(option: string, value: unknown): void {
    if (value === undefined || typeof value === 'string') return;
    this.report(option, `it is ${describe(value)}`, 'Give a string');
  }

  /** A text that `problemOf` finds nothing wrong with; undefined passes. @returns whether it is one */
  wellFormed(
    option: string,
    value: unknown,
    problemOf: (text: string) => string | undefined,
    remedy: string,
  ): value is string {
    if (typeof value !== 'string') {
      this.text(option, value);
      return false;
    }
    const problem = problemOf(value);
    if (problem !== undefined) this.report(option, problem, remedy);
    return problem === undefined;
  }

  /** As {@link wellFormed}, for what is sent to the broker: without discouraged characters, unless the connection allows them. */
  sent(option: string, value: unknown, problemOf: (text: string) => string | undefined, remedy: string): void {
    if (this.wellFormed(option, value, problemOf, remedy)) this.withoutDiscouraged(option, value);
  }

  /** A text without discouraged characters, unless the connection allows them. */
  withoutDiscouraged(option: string, text: string): void {
    const problem = discouragedProblem(text, this.discouraged);
    if (problem !== undefined) this.report(option, problem, DISCOURAGED_REMEDY);
  }

  /** An abort signal; undefined passes. */
  abortSignal(option: string, value: unknown): void {
    if (value === undefined) return;
    const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>;
    const isSignal =
      typeof aborted === 'boolean' &&
      typeof addEventListener === 'function' &&
      typeof removeEventListener === 'function';
    if (isSignal) return;
    this.report(option, `it is ${describe(value)}`, 'Give the signal of an AbortController, or remove it');
  }

  /** An array, each of whose members passes `check`; undefined passes. */
  list(option: string, value: unknown, check: (option: string, member: unknown) => void): void {
    if (value === undefined) return;
    if (Array.isArray(value)) for (const [i, member] of value.entries()) check(`${option}[${i}]`, member);
    else this.report(option, `it is ${describe(value)}`, 'Give an array');
  }

  /** @returns whether `value` is an object, whose properties can be checked; undefined returns false without a problem */
  object<T extends object>(option: string, value: T | undefined): value is T {
    if (value === undefined) return false;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return true;
    this.report(option, `it is ${describe(value)}`, 'Give an object with options');
    return false;
  }

  /**
   * Reports unknown names: a misspelt option would be ignored, and the intended one keep its default.
   *
   * @param path path of the options object, empty for the root
   * @param remedyOf remedy for a name that belongs elsewhere
   */
  known(
    path: string,
    options: object,
    names: ReadonlySet<string>,
    remedyOf?: (name: string) => string | undefined,
  ): void {
    for (const name of Object.keys(options)) {
      if (names.has(name) || (options as Readonly<Record<string, unknown>>)[name] === undefined) continue;
      const likely = likelyName(name, names);
      const guess = likely === undefined ? 'Remove it' : `Did you mean "${likely}"?`;
      this.report(path === '' ? name : `${path}.${name}`, 'there is no such option', remedyOf?.(name) ?? guess);
    }
  }

  /** Like {@link known}, for objects that other packages use too: reports only names that resemble one of ours. */
  likelyKnown(path: string, options: object, names: ReadonlySet<string>): void {
    for (const name of Object.keys(options)) {
      if (names.has(name) || likelyName(name, names) === undefined) continue;
      this.known(path, { [name]: (options as Readonly<Record<string, unknown>>)[name] }, names);
    }
  }

  callable(option: string, value: unknown): void {
    if (value === undefined || typeof value === 'function') return;
    this.report(option, `it is ${describe(value)}`, 'Give a function');
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

  private whole(
    option: string,
    value: unknown,
    { min, max = Number.MAX_SAFE_INTEGER, infinite = false }: Range,
    kind: string,
    wanted: string,
  ): void {
    if (value === undefined || (infinite && value === Infinity)) return;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
    const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
    this.report(
      option,
      `${describe(value)} is not a valid ${kind}`,
      `Give ${wanted} from ${min}${upTo}${infinite ? ', or Infinity' : ''}`,
    );
  }
}

/**
 * Checks one duration by itself.
 *
 * @throws InvalidOptionsError
 */
export function assertDuration(option: string, value: unknown, range: Range): void {
  const checks = new OptionChecks();
  checks.duration(option, value, range);
  checks.done();
}

/**
 * Checks that options are an object at all: the characters of a URL would be reported one by one.
 *
 * @param example how to give them
 * @throws InvalidOptionsError
 */
export function assertOptionsObject(of: string, options: unknown, example: string): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  const problem = `its options are an object, not ${kindOf(options)}`;
  throw new InvalidOptionsError([{ option: of, problem, remedy: `Give an object: ${example}` }]);
}

/** Describes a value in an error: a text or a number as it is, an object without its content, which may be confidential. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return kindOf(value);
  return typeof value === 'function' ? kindOf(value) : String(value);
}

/** What kind of value it is, for one that is confidential. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
