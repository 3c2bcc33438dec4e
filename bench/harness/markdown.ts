import { format } from 'prettier';
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import { judge } from './marks.js';
import { casesOf, figureNames, valuesOf, type Measurement } from './measurement.js';
import { pairedRatios, summarize } from './statistics.js';
import { aimInWords, inWords, markInWords, numeral } from './wording.js';
import type { Workload } from './workload.js';

/** Measurements by the name of their workload. */
export type Measurements = Readonly<Partial<Record<string, Measurement>>>;

/** Aligns tables. */
export function pretty(markdown: string): Promise<string> {
  return format(markdown, { parser: 'markdown' });
}

export function workloadInMarkdown(workload: Workload, measurement: Measurement | undefined): string {
  const { title, description } = workload;
  const parts = [`### ${title}`, description];
  if (!measurement) parts.push('Not measured.');
  else {
    for (const name of casesOf(workload, measurement))
      parts.push(`**${name}**`, caseTable(workload, measurement, name));
  }
  return parts.join('\n\n');
}

/**
 * A row for each contestant, a column for each figure. Those that matter come with least and most, and with the ratio to the
 * baseline.
 */
function caseTable(workload: Workload, measurement: Measurement, caseName: string): string {
  const { contestants, baseline, marks = [] } = workload;
  const columns = figureNames(workload, measurement, caseName);
  const matters = (figure: string): boolean => figure === columns[0] || marks.some((mark) => mark.figure === figure);
  const header = columns.flatMap((figure) => (baseline && matters(figure) ? [figure, 'ratio'] : [figure]));

  const cells = (contestant: ContestantName, figure: string): string[] => {
    const values = valuesOf(measurement, contestant, caseName, figure);
    const summary = values && summarize(values);
    if (!matters(figure)) return [summary ? numeral(summary.median) : ''];
    const cell = summary ? inWords(summary) : '';
    if (!baseline) return [cell];
    const base = valuesOf(measurement, baseline, caseName, figure);
    return [cell, values && base ? numeral(summarize(pairedRatios(values, base)).median) : ''];
  };
  const rows = contestants
    .filter((contestant) => measurement.figures[contestant]?.[caseName])
    .map((contestant) => [CONTESTANTS[contestant].label, ...columns.flatMap((figure) => cells(contestant, figure))]);
  return table(['', ...header], rows, '--:');
}

/** All marks of all workloads. */
export function marksTable(workloads: readonly Workload[], measurements: Measurements): string {
  const rows = workloads.flatMap(({ title, name, marks = [] }) =>
    marks.map((mark) => {
      const measurement = measurements[name];
      const judged = measurement && judge(mark, measurement);
      const reached = judged?.aimReached ? 'yes, and the aim' : judged?.reached ? 'yes' : '**no**';
      const verdict = judged ? [inWords(judged.measured), reached] : ['not measured', ''];
      return [title, mark.case, markInWords(mark), aimInWords(mark), ...verdict];
    }),
  );
  return table(['workload', 'case', 'mark', 'aim', 'measured', 'reached'], rows);
}

export function environmentTable(workloads: readonly Workload[], measurements: Measurements): string {
  const rows = workloads.flatMap(({ name, title }) => {
    const measurement = measurements[name];
    if (!measurement) return [];
    const { date, node, cpu, broker } = measurement.environment;
    return [[title, `\`${name}\``, date, String(measurement.rounds), broker, node, cpu]];
  });
  return table(['workload', 'name', 'date', 'rounds', 'broker', 'Node.js', 'processors'], rows);
}

function table(header: readonly string[], rows: readonly (readonly string[])[], align = '---'): string {
  const rule = header.map((_, column) => (column === 0 ? '---' : align));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
