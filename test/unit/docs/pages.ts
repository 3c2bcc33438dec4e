import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Paths of the pages of the site, `docs/index.md` included. */
export const sitePages: readonly string[] = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
  .filter(({ name }) => name.endsWith('.md'))
  .map(({ parentPath, name }) => join(parentPath, name).slice(root.length).replaceAll('\\', '/'))
  .filter((path) => !/^docs\/(\.vitepress|public)\//.test(path))
  .toSorted();

/** All documents that users read, the site included. */
export const documents: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  '.github/SECURITY.md',
  ...sitePages,
];

/** A page without what stands in code blocks and comments. */
export function prose(path: string): string {
  return read(path)
    .replace(/^( *)```[^]*?^\1```$/gm, '')
    .replace(/<!--[^]*?-->/g, '');
}
