import type { TopicFilter } from '../../protocol/topic-filter.js';

/** Maximum number of topics whose wildcard matches are cached. */
const CACHED_TOPICS = 1000;

/**
 * Values by Topic Filter. Filters without wildcards are looked up; the others are scanned once for each topic, and the result is cached
 * until the next change.
 */
export class TopicIndex<Value> {
  private readonly exact = new Map<string, Set<Value>>();
  private readonly wildcards = new Map<Value, TopicFilter>();
  private readonly cache = new Map<string, readonly Value[]>();

  add(filter: TopicFilter, value: Value): void {
    if (filter.hasWildcard) {
      this.wildcards.set(value, filter);
      this.cache.clear();
      return;
    }
    const values = this.exact.get(filter.filter);
    if (values) values.add(value);
    else this.exact.set(filter.filter, new Set([value]));
  }

  delete(filter: TopicFilter, value: Value): void {
    if (filter.hasWildcard) {
      this.wildcards.delete(value);
      this.cache.clear();
      return;
    }
    const values = this.exact.get(filter.filter);
    values?.delete(value);
    if (values?.size === 0) this.exact.delete(filter.filter);
  }

  match(topic: string): Value[] {
    return [...(this.exact.get(topic) ?? []), ...this.matchWildcards(topic)];
  }

  private matchWildcards(topic: string): readonly Value[] {
    const cached = this.cache.get(topic);
    if (cached) return cached;
    const values: Value[] = [];
    for (const [value, filter] of this.wildcards) if (filter.matches(topic)) values.push(value);
    if (this.cache.size >= CACHED_TOPICS) this.cache.clear();
    this.cache.set(topic, values);
    return values;
  }
}
