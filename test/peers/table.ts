import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

const PAGE = 'docs/interoperability.md';
const BEGIN = '<!-- written by npm run test:peers -->';
const END = '<!-- end -->';

/** What became of one peer: a cell for each column. */
export interface Row {
  readonly title: string;
  readonly cells: readonly string[];
}

/** Puts rows into the table of the page, in place of those of the same title; the others stay. */
export async function writeTable(
  columns: readonly string[],
  rows: readonly Row[],
  order: readonly string[],
): Promise<void> {
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${PAGE} has no place for the table: ${BEGIN} ... ${END}`);
  const known = new Map(rowsOf(page.slice(before, after)).map((row) => [row.title, row]));
  for (const row of rows) known.set(row.title, row);
  const inOrder = order.map((title) => known.get(title)).filter((row) => row !== undefined);
  const lines = [
    ['peer', ...columns],
    ['', ...columns].map(() => '---'),
    ...inOrder.map((row) => [row.title, ...row.cells]),
  ];
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const text = `${page.slice(0, before)}${BEGIN}\n\n${table}\n\n${page.slice(after)}`;
  writeFileSync(PAGE, await format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
}

function rowsOf(table: string): Row[] {
  const lines = table.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [title = '', ...cells] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { title, cells };
  });
}
