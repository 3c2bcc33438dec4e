import type { Results } from './contest.js';
import { pairedRatios, summarize, type Summary } from './statistics.js';
import type { Workload } from './workload.js';

/** Prints a workload's medians with least and most, and the ratios. Returns whether its mark was reached. */
export function report(workload: Workload, results: Results): boolean {
  console.log(`\n${workload.name}: ${workload.description}`);
  for (const [contestant, rounds] of results) {
    for (const figure of Object.keys(rounds[0]!)) {
      const summary = summarize(rounds.map((figures) => figures[figure]!));
      console.log(`  ${contestant.padEnd(24)}${figure.padEnd(18)}${inWords(summary)}`);
    }
  }
  const baseline = workload.contestants.at(-1)!;
  const valuesOf = (contestant: string): number[] => results.get(contestant)!.map((it) => it[workload.figure]!);
  let reached = true;
  for (const contestant of workload.contestants.slice(0, -1)) {
    const ratio = summarize(pairedRatios(valuesOf(contestant), valuesOf(baseline)));
    console.log(`  ${contestant} / ${baseline}, ${workload.figure}, paired by round: ${inWords(ratio, 2)}`);
    if (contestant === workload.contestants[0] && workload.mark !== undefined) {
      reached = ratio.median >= workload.mark;
      console.log(`  mark: ${workload.mark}, ${reached ? 'reached' : 'MISSED'}`);
    }
  }
  return reached;
}

function inWords({ median, min, max }: Summary, digits = 0): string {
  const [middle, least, most] = [median, min, max].map((value) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits || 1 }),
  );
  return `median ${middle} (${least} to ${most})`;
}
