import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pages, sidebar } from './sidebar.js';

const TITLE = 'nestjs-mqtt-transport';
const SUMMARY = 'MQTT 5.0 and 3.1.1 transport for NestJS microservices.';

/**
 * Writes the site for language models (https://llmstxt.org): `llms.txt` lists the pages, `llms-full.txt` holds them all, and each page is
 * there as Markdown.
 *
 * @param source the folder of the pages
 * @param target the folder of the built site
 * @param address where the site is published
 */
export async function writeLlmsFiles(source: string, target: string, address: string): Promise<void> {
  const texts = new Map<string, string>();
  for (const { page } of pages) {
    texts.set(page, await readFile(join(source, `${page}.md`), 'utf8'));
    await mkdir(dirname(join(target, page)), { recursive: true });
    await cp(join(source, `${page}.md`), join(target, `${page}.md`));
  }
  const list = sidebar.map(({ text, pages: group }) => {
    const lines = group.map(
      ({ text: name, page }) => `- [${name}](${address}${page}.md): ${summaryOf(texts.get(page)!)}`,
    );
    return `## ${text}\n\n${lines.join('\n')}\n`;
  });
  await writeFile(join(target, 'llms.txt'), `# ${TITLE}\n\n> ${SUMMARY}\n\n${list.join('\n')}`);
  await writeFile(join(target, 'llms-full.txt'), `# ${TITLE}\n\n> ${SUMMARY}\n\n${[...texts.values()].join('\n')}`);
}

/** The first paragraph below the title, in one line. */
function summaryOf(text: string): string {
  const [, paragraph = ''] = /^# .*\n\n((?!```|[#|<-])[^]*?)\n\n/m.exec(text) ?? [];
  return paragraph.replace(/\s+/g, ' ').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}
