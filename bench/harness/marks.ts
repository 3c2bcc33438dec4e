import { valuesOf, type Measurement } from './measurement.js';
import { pairedRatios, summarize, type Summary } from './statistics.js';
import type { Mark } from './workload.js';

export interface JudgedMark {
  /** The figure, or the ratio. */
  readonly measured: Summary;
  readonly reached: boolean;
  /** Whether what would be better still was reached too; undefined where nothing would be. */
  readonly aimReached: boolean | undefined;
}

/** Holds a mark against what was measured; undefined when that is missing. */
export function judge(mark: Mark, measurement: Measurement): JudgedMark | undefined {
  const { of, figure, against, againstCase = mark.case, atLeast = -Infinity, atMost = Infinity, aim } = mark;
  const own = valuesOf(measurement, of, mark.case, figure);
  const other = against && valuesOf(measurement, against, againstCase, figure);
  if (!own || (against && !other)) return undefined;
  const measured = summarize(other ? pairedRatios(own, other) : own);
  const { median } = measured;
  const better = aim === undefined ? undefined : mark.atMost === undefined ? median >= aim : median <= aim;
  const reached = median >= atLeast && median <= atMost;
  return { measured, reached, aimReached: better && reached };
}
