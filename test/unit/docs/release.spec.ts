import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (path: string): string => readFileSync(path, 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

describe('the version of package.json', () => {
  it('is that of the release configuration', () => {
    expect(JSON.parse(read('.github/release-please-manifest.json'))).toEqual({ '.': version });
  });

  it('has the latest section of the changelog, below what is not released yet', () => {
    const headings = [...read('CHANGELOG.md').matchAll(/^## \[(.+?)\](.*)$/gm)];
    expect(headings[0]![1]).toBe('Unreleased');
    expect(headings[1]![1]).toBe(version);
    expect(headings[1]![2]).toMatch(/^ - \d{4}-\d\d-\d\d$/);
  });
});
