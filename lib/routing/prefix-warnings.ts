import { splitShare } from '../protocol/topic-filter.js';

/** What is put before a handler's pattern, from the outermost to the innermost, and the pattern. */
export interface PrefixedPattern {
  readonly prefixes: readonly (string | undefined)[];
  readonly pattern: string;
}

/**
 * Warnings about prefixes that run into what follows them: `plant` and `devices/a` make `plantdevices/a`, which is valid. A prefix that ends
 * with a separator of its own, such as `site-`, is meant so.
 *
 * @returns one line for each prefix
 */
export function prefixWarnings(patterns: readonly PrefixedPattern[]): string[] {
  const lines = new Map<string, string>();
  for (const { prefixes, pattern } of patterns) {
    const parts = [...prefixes, splitShare(pattern).filter].filter((part): part is string => Boolean(part));
    for (const [i, prefix] of parts.slice(0, -1).entries()) {
      const next = parts[i + 1]!;
      if (lines.has(prefix) || !ENDS_WITHIN_WORD.test(prefix) || !BEGINS_WITH_WORD.test(next)) continue;
      const line = `The prefix ${JSON.stringify(prefix)} does not end with "/": before ${JSON.stringify(next)} it makes ${JSON.stringify(prefix + next)}. `;
      lines.set(prefix, `${line}Use ${JSON.stringify(`${prefix}/`)} to have a level of its own.`);
    }
  }
  return [...lines.values()];
}

const ENDS_WITHIN_WORD = /[\p{L}\p{N}]$/u;
const BEGINS_WITH_WORD = /^[\p{L}\p{N}]/u;
