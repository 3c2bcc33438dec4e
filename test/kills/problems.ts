import type { RunResult } from './result.js';

/** What should not have happened, in words; empty when all is well. */
export function problemsOf(runs: readonly RunResult[]): string[] {
  const problems = runs.flatMap((run) =>
    problemsOfRun(run).map(
      (problem) => `${run.victim} killed, ${run.broker}, version ${run.protocolVersion}: ${problem}`,
    ),
  );
  for (const victim of new Set(runs.map((run) => run.victim))) {
    const underLoad = runs.filter((run) => run.victim === victim && run.underLoad > 0);
    if (underLoad.length === 0) problems.push(`not one ${victim} was killed under load`);
  }
  return problems;
}

function problemsOfRun({ incidents, lost, outOfOrder, unfounded }: RunResult): string[] {
  const problems = [...incidents];
  if (lost > 0) problems.push(`${lost} messages are lost`);
  for (const qos of [1, 2] as const) {
    if (outOfOrder[qos] > 0) problems.push(`${outOfOrder[qos]} messages of QoS ${qos} were handled out of order`);
    if (unfounded[qos] > 0) problems.push(`${unfounded[qos]} times a message of QoS ${qos} was handled once too often`);
  }
  return problems;
}
