import { endOfLevel } from '../../protocol/level-matching.js';
import { levelsOverlap, MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD } from '../../protocol/topic-filter.js';
import { Leaf, type Branch, type Place } from './place.js';

const NONE: readonly never[] = Object.freeze([]);

/** Finds the values of all filters that overlap one filter. */
export class Overlaps<T> {
  private readonly found: T[] = [];

  /** @param except the value of the filter itself */
  constructor(
    private readonly filter: string,
    private readonly except: T | undefined,
  ) {}

  of(root: Branch<T>): T[] {
    // [MQTT-4.7.2-1]: a leading wildcard does not match topics that begin with $
    if (this.filter.startsWith('$')) {
      const end = endOfLevel(this.filter, 0);
      const place = root.named?.get(this.filter.slice(0, end));
      if (place !== undefined) this.visit(place, end);
    } else {
      this.append(root.multi);
      this.visitFrom(root, 0);
    }
    return this.found;
  }

  /** @param end index at which the level of the filter ends that led to this place */
  private visit(place: Place<T>, end: number): void {
    if (place instanceof Leaf) {
      this.visitLeaf(place, end);
      return;
    }
    this.append(place.multi);
    if (end < this.filter.length) this.visitFrom(place, end + 1);
    else this.append(place.exact);
  }

  /** @param start index at which the next level of the filter begins */
  private visitFrom({ named, single, exact }: Branch<T>, start: number): void {
    const { filter } = this;
    const end = endOfLevel(filter, start);
    const level = filter.slice(start, end);
    if (level === MULTI_LEVEL_WILDCARD) {
      this.append(exact);
      for (const [name, place] of named ?? NONE) if (start > 0 || !name.startsWith('$')) this.appendAll(place);
      if (single !== undefined) this.appendAll(single);
      return;
    }
    if (level === SINGLE_LEVEL_WILDCARD) {
      for (const [name, place] of named ?? NONE) if (start > 0 || !name.startsWith('$')) this.visit(place, end);
    } else {
      const place = named?.get(level);
      if (place !== undefined) this.visit(place, end);
    }
    if (single !== undefined) this.visit(single, end);
  }

  private visitLeaf(leaf: Leaf<T>, end: number): void {
    if (leaf.others === undefined && leaf.value === this.except) return; // only the filter itself
    if (levelsOverlap(levelsIn(leaf.rest), levelsIn(this.filter.slice(end)))) this.append(leaf.values);
  }

  private appendAll(place: Place<T>): void {
    if (place instanceof Leaf) {
      this.append(place.values);
      return;
    }
    this.append(place.exact);
    this.append(place.multi);
    for (const next of place.named?.values() ?? NONE) this.appendAll(next);
    if (place.single !== undefined) this.appendAll(place.single);
  }

  private append(values: readonly T[] | undefined): void {
    if (values !== undefined) for (const value of values) if (value !== this.except) this.found.push(value);
  }
}

/** @param rest remaining levels of a filter, with a leading `/` */
function levelsIn(rest: string): readonly string[] {
  return rest === '' ? NONE : rest.slice(1).split('/');
}
