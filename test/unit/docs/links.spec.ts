import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pages } from '../../../docs/.vitepress/sidebar.js';
import { slug } from '../../../docs/.vitepress/slug.js';
import { documents, prose, read, root, sitePages } from './pages.js';

interface Link {
  readonly from: string;
  readonly target: string;
  /** Path in the repository. */
  readonly path: string;
  readonly anchor: string | undefined;
}

const links: readonly Link[] = documents.flatMap((from) =>
  [...prose(from).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^(https?:|mailto:|\/api\/)/.test(target))
    .map((target) => {
      const [path, anchor] = target.split('#') as [string, string?];
      return { from, target, anchor, path: path === '' ? from : posix.join(posix.dirname(from), path) };
    }),
);

describe('links in the documents', () => {
  it('lead to files that exist', () => {
    expect(links.filter(({ path }) => !existsSync(root + path))).toEqual([]);
  });

  it('lead to headings that exist', () => {
    const toHeadings = links.filter(({ path, anchor }) => anchor !== undefined && path.endsWith('.md'));
    expect(toHeadings.filter(({ path, anchor }) => !anchorsOf(path).includes(anchor!))).toEqual([]);
    expect(toHeadings.length).toBeGreaterThan(5);
  });
});

describe('the pages of the site', () => {
  it('stand in the sidebar, once each', () => {
    expect(pages.map(({ page }) => `docs/${page}.md`).toSorted()).toEqual(
      sitePages.filter((path) => path !== 'docs/index.md'),
    );
  });

  it('can all be reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const from of reached) for (const { path } of links.filter((link) => link.from === from)) reached.add(path);
    expect(documents.filter((path) => path !== 'docs/index.md' && !reached.has(path))).toEqual([]);
  });

  it('begin with a heading, and have one of the first level', () => {
    const headings = sitePages.map((page) => [page, prose(page).match(/^# .+$/gm)?.length ?? 0] as const);
    expect(headings.filter(([page, count]) => page !== 'docs/index.md' && count !== 1)).toEqual([]);
  });
});

function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    slug(heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')),
  );
}
