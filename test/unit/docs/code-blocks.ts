import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { documents, read, root } from './pages.js';

/** A block of TypeScript in a document. */
export interface CodeBlock {
  /** Document and line. */
  readonly place: string;
  /** Path of the file of this repository that the block shows, where a comment before it says so. */
  readonly shows: string | undefined;
  /** What the block is a part of, where a comment before it says that it is one: it cannot be compiled alone. */
  readonly fragmentOf: string | undefined;
  /** Why the block is compiled but not run, where a comment before it says so. */
  readonly compiledOnly: string | undefined;
  readonly code: string;
  /** Where the block is written to, to be compiled and run. */
  readonly file: string;
}

const folder = join(root, '.cache/docs');

/**
 * Every block of TypeScript in the documents. A block that begins with `// name.ts` can be imported by that name by the other blocks of
 * its document. `<!-- path.ts -->` before a block says that it shows that file, `<!-- compiled only: reason -->` that it cannot be run here,
 * `<!-- fragment: of what -->` that it is a part of something.
 */
export const codeBlocks: readonly CodeBlock[] = documents.flatMap((document) => {
  const text = read(document);
  const matches = text.matchAll(/(?:<!-- ([^>]*?) -->\n\n)?^( *)```ts(?: .*)?\n([^]*?)^\2```$/gm);
  return [...matches].map(([whole, comment, indent, body], index) => {
    const code = body!.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const line = text.slice(0, text.indexOf(whole)).split('\n').length;
    const [, name = `block-${index + 1}.ts`] = /^\/\/ (?:\S+\/)?([\w.-]+\.ts)\n/.exec(code) ?? [];
    return {
      place: `${document}:${line}`,
      shows: comment && /^\S+\.ts$/.test(comment) ? comment : undefined,
      fragmentOf: comment && /^fragment: (.+)$/.exec(comment)?.[1],
      compiledOnly: comment && /^compiled only: (.+)$/.exec(comment)?.[1],
      code,
      file: join(folder, document.replaceAll('/', '-').replace(/\.md$/, ''), name),
    };
  });
});

export const writtenHere = codeBlocks.filter(
  ({ shows, fragmentOf }) => shows === undefined && fragmentOf === undefined,
);

/** Writes the blocks as modules. @param url of a broker to use in place of `mqtt://localhost:1883`, and 1884 where there are two */
export function writeCodeBlocks(subfolder: string, url?: string): (block: CodeBlock) => string {
  const fileOf = ({ file }: CodeBlock): string => file.replace(folder, join(folder, subfolder));
  rmSync(join(folder, subfolder), { recursive: true, force: true });
  for (const block of writtenHere) {
    const code = url === undefined ? block.code : runnable(block.code, url);
    mkdirSync(dirname(fileOf(block)), { recursive: true });
    writeFileSync(fileOf(block), /^(import|export) /m.test(code) ? code : `${code}export {};\n`);
  }
  return fileOf;
}

/** Ports of this machine may be in use, and who runs a block has to end its application. */
function runnable(code: string, url: string): string {
  const own = code
    .replaceAll(/mqtt:\/\/localhost:188[34]/g, url)
    .replaceAll('.listen(3000)', ".listen(0, '127.0.0.1')");
  if (/^const app = /m.test(own)) return `${own}export { app as applicationOfBlock };\n`;
  return own.replace(
    '\n}\nvoid bootstrap();',
    '\n  return app;\n}\nexport const applicationOfBlock = await bootstrap();',
  );
}
