import { posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

/** Links that leave docs/ work in the repository as they are; on the site they lead to the repository. */
export function repositoryLinks(markdown: MarkdownRenderer, repository: string): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const folder = posix.dirname((env as { relativePath?: string }).relativePath ?? '');
    for (const link of tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open')) {
      const path = posix.join('docs', folder, link.attrGet('href') ?? '');
      if (!link.attrGet('href')?.startsWith('.') || path.startsWith('docs/')) continue;
      link.attrSet('href', `${repository}/${/\.\w+$/.test(path) ? 'blob' : 'tree'}/main/${path}`);
    }
  });
}
