import { MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD, type TopicFilter } from '../protocol/topic-filter.js';

/** A level of the tree: what stands below each name, below `+`, and what ends here. */
class Node<T> {
  readonly children = new Map<string, Node<T>>();
  single: Node<T> | undefined;
  /** Values of filters that end at this level. */
  readonly exact: T[] = [];
  /** Values of filters that go on with `#` from here. */
  readonly multi: T[] = [];
}

/**
 * Values by Topic Filter. What it costs to find the values of a topic depends on the levels of the topic, not on the number of
 * filters (section 4.7).
 */
export class TopicFilterTree<T> {
  private readonly root = new Node<T>();

  add({ levels }: TopicFilter, value: T): void {
    let node = this.root;
    for (const level of levels) {
      if (level === MULTI_LEVEL_WILDCARD) {
        node.multi.push(value);
        return;
      }
      node = childOf(node, level);
    }
    node.exact.push(value);
  }

  /** Values of all filters that match `topic`, a valid Topic Name. */
  match(topic: string): T[] {
    const found: T[] = [];
    const names = topic.split('/');
    if (topic.startsWith('$')) {
      // [MQTT-4.7.2-1]: a leading wildcard does not match topics that begin with $
      const below = this.root.children.get(names[0]!);
      if (below) collect(below, names, 1, found);
    } else collect(this.root, names, 0, found);
    return found;
  }

  /** Values of all filters that some topic matches together with `filter`. */
  overlapping({ levels }: TopicFilter): T[] {
    const found: T[] = [];
    const dollar = levels[0]!.startsWith('$');
    collectOverlaps(this.root, levels, 0, found, dollar);
    return found;
  }
}

function childOf<T>(node: Node<T>, level: string): Node<T> {
  if (level === SINGLE_LEVEL_WILDCARD) return (node.single ??= new Node<T>());
  let child = node.children.get(level);
  if (!child) node.children.set(level, (child = new Node<T>()));
  return child;
}

function collect<T>(node: Node<T>, names: readonly string[], at: number, found: T[]): void {
  // # stands for its parent level too: "sport/#" matches "sport"
  if (node.multi.length > 0) found.push(...node.multi);
  if (at === names.length) {
    if (node.exact.length > 0) found.push(...node.exact);
    return;
  }
  const child = node.children.get(names[at]!);
  if (child) collect(child, names, at + 1, found);
  if (node.single) collect(node.single, names, at + 1, found);
}

/** @param dollar whether the topics in question begin with $, which wildcards at the root do not match */
function collectOverlaps<T>(node: Node<T>, levels: readonly string[], at: number, found: T[], dollar: boolean): void {
  const wildcardsCount = !(dollar && at === 0);
  if (wildcardsCount) found.push(...node.multi);
  if (at === levels.length) {
    found.push(...node.exact);
    return;
  }
  const level = levels[at]!;
  if (level === MULTI_LEVEL_WILDCARD) {
    found.push(...node.exact);
    for (const [name, child] of node.children) if (at > 0 || !name.startsWith('$')) collectAll(child, found);
    if (node.single) collectAll(node.single, found);
    return;
  }
  if (level === SINGLE_LEVEL_WILDCARD) {
    for (const [name, child] of node.children) {
      if (at > 0 || !name.startsWith('$')) collectOverlaps(child, levels, at + 1, found, false);
    }
  } else {
    const child = node.children.get(level);
    if (child) collectOverlaps(child, levels, at + 1, found, false);
  }
  if (node.single && wildcardsCount) collectOverlaps(node.single, levels, at + 1, found, false);
}

function collectAll<T>(node: Node<T>, found: T[]): void {
  found.push(...node.exact, ...node.multi);
  for (const child of node.children.values()) collectAll(child, found);
  if (node.single) collectAll(node.single, found);
}
