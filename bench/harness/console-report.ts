import { CONTESTANTS } from '../contestants/contestants.js';
import type { Results } from './contest.js';
import { casesOf, figureNames, inWords, markInWords } from './wording.js';
import { figures, judge } from './marks.js';
import { pairedRatios, summarize } from './statistics.js';
import type { Workload } from './workload.js';

/** Prints a workload's medians with least and most, ratios and marks. Returns whether its marks were reached. */
export function printReport(workload: Workload, results: Results): boolean {
  const { title, description, contestants, baseline, marks = [] } = workload;
  console.log(`\n${title} (${workload.name}). ${description}`);
  for (const name of casesOf(workload, results)) {
    console.log(`  ${name}`);
    for (const figure of figureNames(workload, results, name)) {
      console.log(`    ${figure}`);
      for (const contestant of contestants) {
        const values = figures(results, contestant, name, figure);
        if (!values) continue;
        const base = baseline && contestant !== baseline ? figures(results, baseline, name, figure) : undefined;
        const ratio = base ? `, ${inWords(summarize(pairedRatios(values, base)))} of the baseline` : '';
        console.log(`      ${CONTESTANTS[contestant].label.padEnd(36)}${inWords(summarize(values))}${ratio}`);
      }
    }
  }
  let allReached = true;
  for (const mark of marks) {
    const judged = judge(mark, results);
    if (!judged) continue;
    allReached &&= judged.reached;
    console.log(
      `  ${judged.reached ? 'reached' : 'MISSED '}  ${markInWords(mark)}: ${inWords(judged.measured)}${judged.aimed ? ', aim reached' : ''}`,
    );
  }
  return allReached;
}
