import type { Logger } from '@nestjs/common';

/** Whether something of a kind happens for the first time to the thing that it is about. */
export type IsFirst = (kind: string, about: string) => boolean;

/** Logs a warning of a kind once for each thing that it is about. */
export type WarnOnce = (kind: string, about: string, message: string) => void;

/** Things of one kind; beyond that there is nothing new to learn. */
const MAX_THINGS = 1_000;

export function firstTimes(): IsFirst {
  const seen = new Map<string, Set<string>>();
  return (kind, about) => {
    let known = seen.get(kind);
    if (!known) seen.set(kind, (known = new Set<string>()));
    if (known.has(about) || known.size >= MAX_THINGS) return false;
    known.add(about);
    return true;
  };
}

/** The first of its kind is worth a line in the log; the others are not. */
export function warnerOnce(logger: Logger, isFirst: IsFirst = firstTimes()): WarnOnce {
  return (kind, about, message) => {
    if (isFirst(kind, about)) logger.warn(message);
  };
}
