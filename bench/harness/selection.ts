import type { ContestantName } from '../contestants/contestants.js';
import type { Workload } from './workload.js';

/** A workload among some of its contestants, with what marks there are then. Without the baseline, the first one stands in. */
export function among(workload: Workload, isIn: (contestant: ContestantName) => boolean): Workload {
  const contestants = workload.contestants.filter(isIn);
  const { baseline, marks = [] } = workload;
  const instead = baseline && !contestants.includes(baseline) ? contestants[0] : baseline;
  return {
    ...workload,
    contestants,
    ...(instead && { baseline: instead }),
    marks: marks.filter(({ of, against = of }) => contestants.includes(of) && contestants.includes(against)),
  };
}

/** Whether marks are about a contestant; everybody counts where there are none. */
export function isMarked({ baseline, marks = [] }: Workload, contestant: ContestantName): boolean {
  const named = marks.flatMap(({ of, against }) => [of, against]);
  return named.length === 0 || contestant === baseline || named.includes(contestant);
}
