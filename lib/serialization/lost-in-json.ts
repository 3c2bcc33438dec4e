import { Observable } from 'rxjs';

/** Something in a value that its JSON does not contain. */
interface Loss {
  /** Path within the value, from the inside out. */
  readonly path: string[];
  /** What it is. */
  readonly what: string;
  /** What its JSON is; undefined when it has none. */
  readonly json: string | undefined;
  readonly remedy: string;
}

/** A value that JSON cannot represent, with what to send instead. */
export class LostInJsonError extends TypeError {
  constructor(
    readonly problem: string,
    readonly remedy: string,
  ) {
    super(`${problem}. ${remedy}`);
  }
}

/** Types whose JSON is always `{}`, and what to send instead. */
const OPAQUE: readonly (readonly [type: new (...args: never[]) => object, what: string, remedy: string])[] = [
  [Map, 'a Map', 'Send Object.fromEntries(map) or [...map]'],
  [Set, 'a Set', 'Send [...set]'],
  [Promise, 'a Promise', 'Await it, and send its result'],
  [Observable, 'an Observable', 'Send what it emits, for example await firstValueFrom(observable)'],
];

/**
 * Refuses a value whose own JSON says nothing about it; its members are not looked at.
 *
 * @throws LostInJsonError that says what to send instead
 */
export function refuseOpaque(value: unknown): void {
  refuse(isNothing(value) ? loss(shown(value), 'null', 'Send null, if that is meant') : lossOf(value));
}

/**
 * Refuses a value that has been encoded, and so has no cycles, if an object in it has become `{}`. Members such as `NaN`, which become
 * `null`, pass, as everywhere in JSON: to look for them would make every payload with a `null` half as expensive again.
 *
 * @param json its JSON: most have no `{}`, and are not looked at any further
 * @throws LostInJsonError that names the path
 */
export function refuseLost(value: unknown, json: string): void {
  if (json.length > 2 && json.includes('{}')) refuse(lossWithin(value));
}

/** Says why a value has no JSON, with the path. @throws LostInJsonError, or nothing when there is another reason */
export function refuseWithoutJson(value: unknown): void {
  refuse(lossWithin(value, new Set()));
}

function refuse(found: Loss | undefined): void {
  if (!found) return;
  const { path, what, json, remedy } = found;
  const where = path.length === 0 ? '' : ` (at ${path.toReversed().join('.')})`;
  const problem = json === undefined ? `${what}${where} has no JSON` : `the JSON of ${what}${where} is ${json}`;
  throw new LostInJsonError(problem, remedy);
}

/** @param around the objects around the value, where cycles are possible */
function lossWithin(value: unknown, around?: Set<object>): Loss | undefined {
  if (typeof value !== 'object' || value === null) return lossOf(value);
  if (around?.has(value)) return loss('a circular reference', undefined, 'Send only the members that are needed');
  const own = lossOf(value);
  if (own || 'toJSON' in value) return own;
  around?.add(value);
  const members = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(value)) {
    const member = members[key];
    if (typeof member === 'string' || typeof member === 'boolean') continue;
    const found = lossWithin(member, around);
    if (!found) continue;
    found.path.push(key);
    return found;
  }
  around?.delete(value);
  return undefined;
}

/** Whether the JSON of the value is `null`, though the value is something else. */
function isNothing(value: unknown): value is number | Date {
  if (typeof value === 'number') return !Number.isFinite(value);
  return value instanceof Date && Number.isNaN(value.getTime());
}

function shown(value: number | Date): string {
  return typeof value === 'number' ? String(value) : 'an invalid Date';
}

/** What the JSON of the value itself loses. */
function lossOf(value: unknown): Loss | undefined {
  switch (typeof value) {
    case 'bigint':
      if ('toJSON' in BigInt.prototype) return undefined; // as applications set it
      return loss('a BigInt', undefined, 'Send String(value) or Number(value)');
    case 'object':
      return value === null ? undefined : lossOfObject(value);
    default:
      return undefined;
  }
}

function lossOfObject(value: object): Loss | undefined {
  if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return undefined;
  if ('toJSON' in value) return undefined;
  if (value instanceof Error && !Object.keys(value).includes('message'))
    return loss('an Error', 'without its message', 'Send { name: error.name, message: error.message }');
  const opaque = OPAQUE.find(([type]) => value instanceof type);
  if (!opaque) return undefined;
  if (value instanceof Promise) value.catch(() => {}); // else its rejection would be unhandled
  return loss(opaque[1], '{}', opaque[2]);
}

function loss(what: string, json: string | undefined, remedy: string): Loss {
  return { path: [], what, json, remedy };
}
