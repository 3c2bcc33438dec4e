import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { AsyncApiDocument } from '../document/async-api-document.js';
import { toYaml } from '../document/to-yaml.js';
import { PAGE_SCRIPT, PAGE_STYLE } from './page-script.js';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly content: string;
}

/** The files of the page, by name. */
export type PageFiles = ReadonlyMap<string, () => PageFile | Promise<PageFile>>;

const COMPONENT = '@asyncapi/react-component';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** @throws Error when `@asyncapi/react-component` is not installed */
export async function readPageFiles(document: AsyncApiDocument): Promise<PageFiles> {
  const folder = componentFolder();
  const component = await readFile(join(folder, 'browser/standalone/index.js'), 'utf8');
  const componentStyle = await readFile(join(folder, 'styles/default.min.css'), 'utf8');
  const json = JSON.stringify(document);
  return new Map<string, () => PageFile | Promise<PageFile>>([
    ['asyncapi.json', () => ({ type: 'application/json; charset=utf-8', content: json })],
    ['asyncapi.yaml', async () => ({ type: 'application/yaml; charset=utf-8', content: await toYaml(document) })],
    ['component.js', () => ({ type: SCRIPT, content: component })],
    ['component.css', () => ({ type: STYLE, content: componentStyle })],
    ['page.js', () => ({ type: SCRIPT, content: PAGE_SCRIPT })],
    ['page.css', () => ({ type: STYLE, content: PAGE_STYLE })],
  ]);
}

/** Folder of the application's copy of the package, resolved from its main script or from the working directory. */
function componentFolder(): string {
  for (const from of [process.argv[1], join(process.cwd(), 'package.json')]) {
    try {
      if (from !== undefined) return dirname(createRequire(from).resolve(`${COMPONENT}/package.json`));
    } catch {
      // not found from here
    }
  }
  throw new Error(
    `The page of MqttAsyncApi.setup() needs the package ${COMPONENT}. Install it: npm install ${COMPONENT}`,
  );
}
