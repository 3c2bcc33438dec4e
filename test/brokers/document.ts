import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { CHECKS } from './checks/checks.js';
import { DEVIATIONS } from './deviations.js';
import { BROKER_KINDS } from './launchers/broker-kinds.js';
import type { CheckResult } from './run-checks.js';

const DOCUMENT = resolve('docs/brokers.md');
const DATA = resolve('docs/brokers.json');

/** What follows `<!-- brokers:<name> -->` up to the end of the block. */
const BLOCK = /(?<=<!-- brokers:(\S+) -->\n).*?(?=<!-- \/brokers -->)/gs;
const VERSIONS = [5, 4] as const;

/** What was seen of a broker, by the name of a check: the versions of the protocol on which it works. */
interface Seen {
  readonly version: string;
  readonly works: Readonly<Record<string, readonly (4 | 5)[]>>;
}

/** Keeps what was seen of one broker, in place of what there was, and fills the tables of the document anew. */
export async function keep(name: string, version: string, results: readonly CheckResult[]): Promise<void> {
  const works = Object.fromEntries(
    CHECKS.map((check) => [
      check.name,
      results
        .filter((result) => result.check === check && result.outcome.result === 'works')
        .map((result) => result.version),
    ]),
  );
  const seen: Record<string, Seen> = { ...(await readSeen()), [name]: { version, works } };
  await writePretty(DATA, JSON.stringify(seen, undefined, 2));
  const blocks: Record<string, string> = { works: worksTable(seen), cannot: cannotTable(seen) };
  const document = await readFile(DOCUMENT, 'utf8');
  await writePretty(
    DOCUMENT,
    document.replace(BLOCK, (_, block: string) => `\n${blocks[block] ?? ''}\n\n`),
  );
}

async function readSeen(): Promise<Record<string, Seen>> {
  return JSON.parse(await readFile(DATA, 'utf8')) as Record<string, Seen>;
}

function worksTable(seen: Readonly<Record<string, Seen>>): string {
  const kinds = BROKER_KINDS.filter(({ name }) => seen[name]);
  const heads = kinds.map(({ name, title }) => `${title} ${seen[name]!.version}`);
  const rows = CHECKS.map(({ name, title, versions = VERSIONS }) => [
    versions.length === 1 ? `${title} (${nameOf(versions[0]!)})` : title,
    ...kinds.map((kind) => inWords(seen[kind.name]!.works[name], versions)),
  ]);
  return table(['', ...heads], rows);
}

function inWords(works: readonly (4 | 5)[] | undefined, tried: readonly (4 | 5)[]): string {
  if (!works) return '';
  if (works.length === tried.length) return 'yes';
  return works.length === 0 ? 'no' : `${works.map(nameOf).join()} alone`;
}

function nameOf(version: 4 | 5): string {
  return version === 5 ? '5.0' : '3.1.1';
}

function cannotTable(seen: Readonly<Record<string, Seen>>): string {
  const kinds = BROKER_KINDS.filter(({ name }) => seen[name]);
  const rows = kinds.flatMap(({ name, title }) =>
    (DEVIATIONS[name] ?? []).map(({ does, remedy }) => [title, does, remedy]),
  );
  return table(['broker', 'what it does', 'what this transport does, or you can'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function writePretty(path: string, text: string): Promise<void> {
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}
