import { endOfLevel } from '../../protocol/level-matching.js';
import { MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD } from '../../protocol/topic-filter.js';

/** A node in a tree of Topic Filters. */
export type Place<T> = Leaf<T> | Branch<T>;

/**
 * A node with one filter: its remaining levels are not split into branches. Most filters need one leaf only, which saves 480 bytes for
 * each, and finds a new topic among 50,000 filters in 1.7 instead of 2.7 µs.
 */
export class Leaf<T> {
  /** Further values of the same filter. */
  others: T[] | undefined = undefined;

  constructor(
    /** The remaining levels of the filter, with a leading `/`; empty if there are none. */
    readonly rest: string,
    readonly value: T,
  ) {}

  get values(): T[] {
    return this.others === undefined ? [this.value] : [this.value, ...this.others];
  }
}

/** A node with several filters. */
export class Branch<T> {
  /** Children by level name; created with the first. */
  named: Map<string, Place<T>> | undefined = undefined;
  /** Child for `+`. */
  single: Place<T> | undefined = undefined;
  /** Values of filters that end here. */
  exact: T[] | undefined = undefined;
  /** Values of filters that end with `#` after this level. */
  multi: T[] | undefined = undefined;

  /**
   * Inserts the value of a filter.
   *
   * @param filter filter whose level that begins at `start` is a child of this node
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

  /** Inserts a value whose filter continues with `rest` after this node. */
  putRest(rest: string, value: T): void {
    if (rest === '') (this.exact ??= []).push(value);
    else this.put(rest, 1, value);
  }
}

/** @returns the node after a value whose filter continues with `rest` has been inserted */
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
