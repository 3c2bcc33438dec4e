import { excerpt } from './excerpt.js';

/** Why a topic does not match a filter. */
export interface Mismatch {
  /** Number of leading levels that match. */
  readonly level: number;
  readonly why: string;
}

/** @param filter without a group, which does not match `topic` */
export function mismatchOf(topic: string, filter: string): Mismatch {
  if (topic.startsWith('$') && /^[+#]/.test(filter))
    return { level: 0, why: 'A wildcard in the first level does not match a topic that begins with $ [MQTT-4.7.2-1].' };
  const levels = topic.split('/');
  const wanted = filter.split('/');
  const level = wanted.findIndex((want, i) => levels[i] === undefined || (want !== '+' && want !== levels[i]));
  if (level < 0) return { level: wanted.length, why: tooLong(levels.length, wanted.length) };
  return { level, why: reasonOf(level, levels, wanted) };
}

function reasonOf(level: number, levels: readonly string[], wanted: readonly string[]): string {
  const given = levels[level];
  if (given === undefined)
    return `The topic ends after ${counted(levels.length)}; the filter has ${counted(wanted.length)}.`;
  const want = wanted[level]!;
  const are = `Level ${level + 1} is ${quoted(given)}, but the filter has ${quoted(want)}`;
  if (given === '')
    return `${are}: the topic has ${level === 0 ? 'a leading slash, which makes' : 'two slashes in a row or a trailing slash, which make'} an empty level.`;
  if (given.toLowerCase() === want.toLowerCase()) return `${are}: the case differs.`;
  if (given.trim() === want.trim()) return `${are}: it has leading or trailing spaces.`;
  if (given.normalize() === want.normalize()) return `${are}: the same text in another Unicode normalization form.`;
  return `${are}.`;
}

function tooLong(has: number, wants: number): string {
  return `The topic has ${counted(has)}; the filter ends after ${wants}.`;
}

function counted(levels: number): string {
  return `${levels} ${levels === 1 ? 'level' : 'levels'}`;
}

function quoted(level: string): string {
  return JSON.stringify(excerpt(level, 60));
}
