import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { FAULT_GROUPS, type Fault } from './fault-table.js';

const DOCUMENT = new URL('../../../docs/guide/sessions-and-reconnecting.md', import.meta.url);
const CHAPTER = '## Faults and outcomes';

interface Section {
  readonly title: string;
  readonly rows: readonly (readonly [fault: string, outcome: string])[];
}

/** Sections of the chapter, with the rows of their tables. */
async function documented(): Promise<Section[]> {
  const [, chapter = ''] = (await readFile(DOCUMENT, 'utf8')).split(CHAPTER);
  const [body = ''] = chapter.split('\n## ');
  return body
    .split('\n### ')
    .slice(1)
    .map((section) => {
      const [title = '', ...lines] = section.split('\n');
      const table = lines.filter((line) => line.startsWith('|')).slice(2);
      const cells = table.map((line) => line.split('|').map((cell) => cell.trim()));
      return { title, rows: cells.map(([, fault = '', outcome = '']) => [fault, outcome] as const) };
    });
}

function faultCell({ fault, only }: Fault): string {
  if (only === undefined || fault.includes('3.1.1')) return fault;
  return `${fault} (${only === 5 ? '5.0' : '3.1.1'})`;
}

describe('docs/guide/sessions-and-reconnecting.md', () => {
  it('promises what the tests assert, row by row', async () => {
    const tested = FAULT_GROUPS.map(({ title, faults }) => ({
      title,
      rows: Object.values<Fault>(faults).map((fault) => [faultCell(fault), fault.outcome]),
    }));
    expect(await documented()).toEqual(tested);
    expect(tested.flatMap(({ rows }) => rows).length).toBeGreaterThanOrEqual(25);
  });
});
