import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { fileURLToPath } from 'node:url';
import { drawChart } from './chart.js';
import { environmentTable, marksTable, workloadInMarkdown, type Measurements } from './markdown.js';
import type { Measurement } from './measurement.js';
import type { Workload } from './workload.js';

const DOCUMENT = fileOf('performance.md');
const CHART = fileOf('performance.svg');
const DATA = fileOf('performance.json');

/** What follows `bench:` up to the end of the block. */
const BLOCK = /(?<=<!-- bench:(\S+) -->\n).*?(?=<!-- \/bench -->)/gs;

/** What has been measured and kept so far. */
export async function readMeasurements(): Promise<Measurements> {
  return JSON.parse(await readFile(DATA, 'utf8')) as Measurements;
}

/** Keeps what was measured in one workload, in place of what there was. */
export async function keep({ name }: Workload, measurement: Measurement): Promise<void> {
  const measurements = { ...(await readMeasurements()), [name]: measurement };
  await writePretty(DATA, JSON.stringify(measurements, undefined, 2));
}

/** @throws Error when the document has not a block for each workload, or has others */
export async function checkDocument(workloads: readonly Workload[]): Promise<void> {
  const blocks = (await readFile(DOCUMENT, 'utf8')).matchAll(BLOCK);
  const found = new Set(Array.from(blocks, ([, name]) => name!));
  const wanted = new Set(Object.keys(contents(workloads, {})));
  const missing = [...wanted].filter((name) => !found.has(name));
  const unknown = [...found].filter((name) => !wanted.has(name));
  if (missing.length > 0) throw new Error(`${DOCUMENT} has no block for ${missing.join(', ')}`);
  if (unknown.length > 0) throw new Error(`${DOCUMENT} has blocks that nothing fills: ${unknown.join(', ')}`);
}

/** Fills the blocks of the document anew, and draws its chart. What stands outside of the blocks stays. */
export async function writeDocument(workloads: readonly Workload[]): Promise<void> {
  await checkDocument(workloads);
  const measurements = await readMeasurements();
  const blocks = contents(workloads, measurements);
  const document = await readFile(DOCUMENT, 'utf8');
  await writePretty(
    DOCUMENT,
    document.replace(BLOCK, (_, name: string) => `\n${blocks[name]}\n\n`),
  );
  await writeFile(CHART, drawChart(measurements));
}

function contents(workloads: readonly Workload[], measurements: Measurements): Record<string, string> {
  const ofEach = workloads.map((workload) => [
    workload.name,
    workloadInMarkdown(workload, measurements[workload.name]),
  ]);
  return {
    marks: marksTable(workloads, measurements),
    environment: environmentTable(workloads, measurements),
    ...(Object.fromEntries(ofEach) as Record<string, string>),
  };
}

async function writePretty(file: string, content: string): Promise<void> {
  await writeFile(file, await format(content, { ...(await resolveConfig(file)), filepath: file }));
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url));
}
