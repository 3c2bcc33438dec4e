import { judge } from './marks.js';
import { pretty, workloadInMarkdown } from './markdown.js';
import type { Measurement } from './measurement.js';
import { inWords, markInWords } from './wording.js';
import type { Workload } from './workload.js';

/** Prints the tables of a workload, and its marks. Returns whether all of them were measured and reached. */
export async function printReport(workload: Workload, measurement: Measurement): Promise<boolean> {
  console.log(`\n${await pretty(workloadInMarkdown(workload, measurement))}`);
  let allReached = true;
  for (const mark of workload.marks ?? []) {
    const judged = judge(mark, measurement);
    const { reached = false, aimReached } = judged ?? {};
    const measured = judged ? inWords(judged.measured) : 'not measured';
    const aim = aimReached === undefined ? '' : `, aim ${mark.aim} ${aimReached ? 'reached' : 'not reached'}`;
    console.log(`${reached ? 'reached' : 'MISSED '}  ${mark.case}: ${markInWords(mark)}: ${measured}${aim}`);
    allReached &&= reached;
  }
  return allReached;
}
