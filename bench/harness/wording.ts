import { CONTESTANTS } from '../contestants/contestants.js';
import type { Results } from './contest.js';
import type { Summary } from './statistics.js';
import type { Mark, Workload } from './workload.js';

/** Three digits that count, or all of a whole number. */
export function numeral(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

export function inWords({ median, min, max }: Summary): string {
  return `${numeral(median)} (${numeral(min)} to ${numeral(max)})`;
}

export function markInWords(mark: Mark): string {
  const { of, against, figure, atLeast, atMost, aim, againstCase } = mark;
  const ratio = against === undefined ? '' : ` / ${CONTESTANTS[against].label}${againstCase ? `, ${againstCase}` : ''}`;
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return `${mark.case}, ${figure}: ${CONTESTANTS[of].label}${ratio}: ${bound}${aim === undefined ? '' : `, aim ${aim}`}`;
}

/** Cases in the order in which contestants have them. */
export function casesOf({ contestants }: Workload, results: Results): string[] {
  return [...new Set(contestants.flatMap((contestant) => Object.keys(results[contestant]?.[0] ?? {})))];
}

export function figureNames({ contestants }: Workload, results: Results, caseName: string): string[] {
  return [...new Set(contestants.flatMap((contestant) => Object.keys(results[contestant]?.[0]?.[caseName] ?? {})))];
}
