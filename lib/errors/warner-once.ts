import type { Logger } from '@nestjs/common';

/** Logs a warning of a kind once for each thing that it is about. */
export type WarnOnce = (kind: string, about: string, message: string) => void;

/** Warnings of one kind; beyond that there is nothing new to learn. */
const MAX_WARNINGS = 1_000;

/** The first of its kind is worth a line in the log; the others are not. */
export function warnerOnce(logger: Logger): WarnOnce {
  const warned = new Map<string, Set<string>>();
  return (kind, about, message) => {
    let known = warned.get(kind);
    if (!known) warned.set(kind, (known = new Set<string>()));
    if (known.has(about) || known.size >= MAX_WARNINGS) return;
    known.add(about);
    logger.warn(message);
  };
}
