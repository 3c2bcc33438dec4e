import { endOfLevel } from '../../protocol/level-matching.js';
import { MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD } from '../../protocol/topic-filter.js';

/** What stands behind a level in a tree of Topic Filters. */
export type Place<T> = Leaf<T> | Branch<T>;

/**
 * Where only one filter goes on: the rest of it is not cut into branches. Most filters take one leaf and nothing else, which saves
 * 480 bytes for each, and finds a new topic among 50,000 of them in 1.7 µs instead of 2.7.
 */
export class Leaf<T> {
  /** Further values of the same filter. */
  others: T[] | undefined = undefined;

  constructor(
    /** How the filter goes on, with the `/` that it goes on with; empty where it ends. */
    readonly rest: string,
    readonly value: T,
  ) {}

  get values(): T[] {
    return this.others === undefined ? [this.value] : [this.value, ...this.others];
  }
}

/** Where several filters go on, level by level. */
export class Branch<T> {
  /** Behind each name; made with the first. */
  named: Map<string, Place<T>> | undefined = undefined;
  /** Behind `+`. */
  single: Place<T> | undefined = undefined;
  /** Values of filters that end here. */
  exact: T[] | undefined = undefined;
  /** Values of filters that go on with `#`. */
  multi: T[] | undefined = undefined;

  /**
   * Puts a value where its filter leads.
   *
   * @param filter of which the level that begins at `start` is looked for here
   */
  put(filter: string, start: number, value: T): void {
    const end = endOfLevel(filter, start);
    const level = filter.slice(start, end);
    const rest = filter.slice(end);
    if (level === MULTI_LEVEL_WILDCARD) {
      (this.multi ??= []).push(value);
    } else if (level === SINGLE_LEVEL_WILDCARD) {
      this.single = grown(this.single, rest, value);
    } else {
      this.named ??= new Map();
      const known = this.named.get(level);
      const place = grown(known, rest, value);
      if (place !== known) this.named.set(level, place);
    }
  }

  /** Puts a value whose filter goes on with `rest` behind this place. */
  putRest(rest: string, value: T): void {
    if (rest === '') (this.exact ??= []).push(value);
    else this.put(rest, 1, value);
  }
}

/** @returns what stands at a place when a value whose filter goes on with `rest` has been put there */
function grown<T>(place: Place<T> | undefined, rest: string, value: T): Place<T> {
  if (place === undefined) return new Leaf(rest, value);
  if (place instanceof Leaf && place.rest === rest) {
    (place.others ??= []).push(value);
    return place;
  }
  const branch = place instanceof Leaf ? split(place) : place;
  branch.putRest(rest, value);
  return branch;
}

function split<T>({ rest, values }: Leaf<T>): Branch<T> {
  const branch = new Branch<T>();
  for (const value of values) branch.putRest(rest, value);
  return branch;
}
