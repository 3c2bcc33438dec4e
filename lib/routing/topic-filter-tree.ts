import type { TopicFilter } from '../protocol/topic-filter.js';
import { matchesOf } from './tree/matches.js';
import { Overlaps } from './tree/overlaps.js';
import { Branch } from './tree/place.js';

/**
 * A map from Topic Filters to values. The cost of a look-up depends on the number of levels of the topic, not on the number of filters
 * (section 4.7).
 */
export class TopicFilterTree<T> {
  private readonly root = new Branch<T>();

  add({ filter }: TopicFilter, value: T): void {
    this.root.put(filter, 0, value);
  }

  /** Values of all filters that match `topic`, a valid Topic Name. */
  match(topic: string): readonly T[] {
    return matchesOf(this.root, topic);
  }

  /** Values of all filters that overlap `filter`, without `except`. */
  overlapping({ filter }: TopicFilter, except?: T): T[] {
    return new Overlaps(filter, except).of(this.root);
  }
}
