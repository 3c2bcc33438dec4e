import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

describe('docs/reference/faststream.md', () => {
  const rows = read('docs/reference/faststream.md')
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

  it('has all 36 rows, each with how it is done', () => {
    expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 36 }, (_, i) => i + 1));
    expect(rows.filter(([, , theirs, ours]) => !theirs || !ours)).toEqual([]);
  });

  it('names a test for each row that is there, and every test that it names exists', () => {
    const named = rows.map(([, , , ours, shownBy]) => ({
      planned: ours!.startsWith('planned') && shownBy === 'not yet',
      files: [...shownBy!.matchAll(/`([^`]+\.spec\.ts)`/g)].map(([, path]) => path!),
    }));
    expect(named.filter(({ planned, files }) => planned === files.length > 0)).toEqual([]);
    expect(named.flatMap(({ files }) => files).filter((path) => !existsSync(`${root}test/${path}`))).toEqual([]);
  });
});

describe('docs/guide/payloads.md', () => {
  const recipes = [...read('docs/guide/payloads.md').matchAll(/<!-- (\S+\.ts) -->\n\n```ts\n([^]*?)```/g)];

  it('shows the recipes that are tested, as they are', () => {
    expect(recipes.map(([, path, shown]) => [path, shown])).toEqual(recipes.map(([, path]) => [path, read(path!)]));
    expect(recipes).toHaveLength(2);
  });
});
