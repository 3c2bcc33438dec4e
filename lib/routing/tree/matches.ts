import { endOfLevel, matchesFrom } from '../../protocol/level-matching.js';
import { Leaf, type Branch, type Place } from './place.js';

const NONE: readonly never[] = Object.freeze([]);

/** Values of all filters that match `topic`, a valid Topic Name. */
export function matchesOf<T>(root: Branch<T>, topic: string): readonly T[] {
  if (!topic.startsWith('$')) return collectFrom(root, topic, 0, root.multi ?? NONE);
  // [MQTT-4.7.2-1]: a leading wildcard does not match topics that begin with $
  const end = endOfLevel(topic, 0);
  const place = root.named?.get(topic.slice(0, end));
  return place === undefined ? NONE : collect(place, topic, end, NONE);
}

/**
 * Collects the values of matching filters below a place.
 *
 * @param end index at which the level of `topic` ends that led to this place
 */
function collect<T>(place: Place<T>, topic: string, end: number, found: readonly T[]): readonly T[] {
  if (place instanceof Leaf) return matchesFrom(place.rest, topic, end) ? joined(found, place.values) : found;
  const { multi, exact } = place;
  // # matches its parent level too: "sport/#" matches "sport"
  const all = multi === undefined ? found : joined(found, multi);
  if (end < topic.length) return collectFrom(place, topic, end + 1, all);
  return exact === undefined ? all : joined(all, exact);
}

/** @param start index at which the next level of `topic` begins */
function collectFrom<T>({ named, single }: Branch<T>, topic: string, start: number, found: readonly T[]): readonly T[] {
  const end = endOfLevel(topic, start);
  const place = named?.get(topic.slice(start, end));
  const all = place === undefined ? found : collect(place, topic, end, found);
  return single === undefined ? all : collect(single, topic, end, all);
}

/** Most topics match one filter: then no new array is allocated. */
function joined<T>(found: readonly T[], more: readonly T[]): readonly T[] {
  return found.length === 0 ? more : [...found, ...more];
}
