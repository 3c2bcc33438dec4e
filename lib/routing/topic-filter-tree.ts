import { endOfLevel, matchesFrom } from '../protocol/level-matching.js';
import { MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD, type TopicFilter } from '../protocol/topic-filter.js';

const NONE: readonly never[] = Object.freeze([]);

/**
 * A level of the tree: what stands below each name, below `+`, and what ends here.
 *
 * Where only one filter goes on it is not unfolded into levels. Most filters then take one node, and a topic reads less memory:
 * among 50,000 filters it is found in 1.2 µs instead of 2.9.
 */
class Node<T> {
  /** How the only filter that comes here goes on, and its values. */
  folded: string | undefined = undefined;
  foldedValues: T[] | undefined = undefined;
  /** Below each name; made with the first. */
  named: Map<string, Node<T>> | undefined = undefined;
  /** Below `+`. */
  single: Node<T> | undefined = undefined;
  /** Values of filters that end at this level. */
  exact: T[] | undefined = undefined;
  /** Values of filters that go on with `#` from here. */
  multi: T[] | undefined = undefined;

  get isEmpty(): boolean {
    return !(this.named ?? this.single ?? this.exact ?? this.multi ?? this.foldedValues);
  }

  /** What stands below `level`; made if nothing does yet. */
  grow(level: string): Node<T> {
    if (level === SINGLE_LEVEL_WILDCARD) return (this.single ??= new Node());
    this.named ??= new Map();
    let child = this.named.get(level);
    if (child === undefined) this.named.set(level, (child = new Node()));
    return child;
  }

  /** Unfolds one level of the filter that is folded here. */
  unfold(): void {
    const { folded, foldedValues } = this;
    if (folded === undefined) return;
    this.folded = this.foldedValues = undefined;
    const end = endOfLevel(folded, 0);
    const level = folded.slice(0, end);
    if (level === MULTI_LEVEL_WILDCARD) {
      this.multi = foldedValues;
      return;
    }
    const child = this.grow(level);
    if (end === folded.length) child.exact = foldedValues;
    else {
      child.folded = folded.slice(end + 1);
      child.foldedValues = foldedValues;
    }
  }
}

/**
 * Values by Topic Filter. What it costs to find the values of a topic depends on the levels of the topic, not on the number of
 * filters (section 4.7).
 */
export class TopicFilterTree<T> {
  private readonly root = new Node<T>();
  /** One string for all filters that go on in the same way: it stays in the processor's cache, which saves a fifth. */
  private readonly endings = new Map<string, string>();

  add({ filter }: TopicFilter, value: T): void {
    let node = this.root;
    for (let start = 0; start <= filter.length;) {
      const rest = filter.slice(start);
      if (node.isEmpty) {
        node.folded = this.endings.get(rest);
        if (node.folded === undefined) this.endings.set(rest, (node.folded = rest));
        node.foldedValues = [value];
        return;
      }
      if (node.folded === rest) {
        node.foldedValues!.push(value);
        return;
      }
      node.unfold();
      if (rest === MULTI_LEVEL_WILDCARD) {
        (node.multi ??= []).push(value);
        return;
      }
      const end = endOfLevel(filter, start);
      node = node.grow(filter.slice(start, end));
      start = end + 1;
    }
    node.unfold();
    (node.exact ??= []).push(value);
  }

  /** Values of all filters that match `topic`, a valid Topic Name. */
  match(topic: string): readonly T[] {
    if (!topic.startsWith('$')) return collect(this.root, topic, 0, NONE);
    // [MQTT-4.7.2-1]: a leading wildcard does not match topics that begin with $
    this.root.unfold();
    const end = endOfLevel(topic, 0);
    const below = this.root.named?.get(topic.slice(0, end));
    return below ? collect(below, topic, end + 1, NONE) : NONE;
  }

  /** Values of all filters that some topic matches together with `filter`. */
  overlapping({ levels }: TopicFilter): T[] {
    const found: T[] = [];
    const dollar = levels[0]!.startsWith('$');
    collectOverlaps(this.root, levels, 0, found, dollar);
    return found;
  }
}

/** @param start of the next level; behind the end of `topic` when there is none */
function collect<T>(node: Node<T>, topic: string, start: number, found: readonly T[]): readonly T[] {
  if (node.folded !== undefined) {
    return matchesFrom(node.folded, topic, start) ? joined(found, node.foldedValues) : found;
  }
  // # stands for its parent level too: "sport/#" matches "sport"
  const before = joined(found, node.multi);
  if (start > topic.length) return joined(before, node.exact);
  const end = endOfLevel(topic, start);
  const child = node.named?.get(topic.slice(start, end));
  const named = child === undefined ? before : collect(child, topic, end + 1, before);
  return node.single === undefined ? named : collect(node.single, topic, end + 1, named);
}

/** Most topics have the values of one filter: no list is made for them. */
function joined<T>(found: readonly T[], more: readonly T[] | undefined): readonly T[] {
  if (more === undefined) return found;
  return found.length === 0 ? more : [...found, ...more];
}

/** @param dollar whether the topics in question begin with $, which wildcards at the root do not match */
function collectOverlaps<T>(node: Node<T>, levels: readonly string[], at: number, found: T[], dollar: boolean): void {
  node.unfold();
  const wildcardsCount = !(dollar && at === 0);
  if (wildcardsCount) append(found, node.multi);
  if (at === levels.length) {
    append(found, node.exact);
    return;
  }
  const level = levels[at]!;
  if (level === MULTI_LEVEL_WILDCARD) {
    append(found, node.exact);
    for (const [name, child] of node.named ?? NONE) if (at > 0 || !name.startsWith('$')) collectAll(child, found);
    if (node.single) collectAll(node.single, found);
    return;
  }
  if (level === SINGLE_LEVEL_WILDCARD) {
    for (const [name, child] of node.named ?? NONE) {
      if (at > 0 || !name.startsWith('$')) collectOverlaps(child, levels, at + 1, found, false);
    }
  } else {
    const child = node.named?.get(level);
    if (child) collectOverlaps(child, levels, at + 1, found, false);
  }
  if (node.single && wildcardsCount) collectOverlaps(node.single, levels, at + 1, found, false);
}

function collectAll<T>(node: Node<T>, found: T[]): void {
  append(found, node.exact);
  append(found, node.multi);
  append(found, node.foldedValues);
  for (const child of node.named?.values() ?? NONE) collectAll(child, found);
  if (node.single) collectAll(node.single, found);
}

function append<T>(found: T[], more: readonly T[] | undefined): void {
  if (more !== undefined) for (const value of more) found.push(value);
}
