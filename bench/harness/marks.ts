import type { ContestantName } from '../contestants/contestants.js';
import type { Results } from './contest.js';
import { pairedRatios, summarize, type Summary } from './statistics.js';
import type { Mark } from './workload.js';

export interface JudgedMark {
  readonly mark: Mark;
  /** The figure, or the ratio. */
  readonly measured: Summary;
  readonly reached: boolean;
  /** Whether what would be better still was reached too. */
  readonly aimed: boolean;
}

/** Holds a mark against what was measured; undefined when that is missing. */
export function judge(mark: Mark, results: Results): JudgedMark | undefined {
  const { of, figure, against, atLeast = -Infinity, atMost = Infinity, aim } = mark;
  const own = figures(results, of, mark.case, figure);
  if (!own) return undefined;
  const other = against && figures(results, against, mark.againstCase ?? mark.case, figure);
  if (against && !other) return undefined;
  const measured = summarize(other ? pairedRatios(own, other) : own);
  const { median } = measured;
  const better = mark.atMost === undefined ? median >= (aim ?? -Infinity) : median <= (aim ?? Infinity);
  const reached = median >= atLeast && median <= atMost;
  return { mark, measured, reached, aimed: reached && better };
}

/** One figure, round by round. */
export function figures(
  results: Results,
  contestant: ContestantName,
  caseName: string,
  figure: string,
): number[] | undefined {
  const values = results[contestant]?.map((round) => round[caseName]?.[figure]);
  return values && values.length > 0 && values.every((value) => value !== undefined) ? values : undefined;
}
