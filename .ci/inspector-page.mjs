// Bundles the inspector's page into one module of one text: `node .ci/inspector-page.mjs`, into dist/; and for tests into lib/.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const page = `${root}lib/inspector/page/`;
const LARGEST = 100_000;

/** The statements of an ES module, or of a CommonJS one. */
const MODULES = {
  esm: (name, value) => `export const ${name} = ${value};\n`,
  cjs: (name, value) => `exports.${name} = ${value};\n`,
};

/** @param targets files to write, by the kind of their module */
export async function bundleInspectorPage(targets) {
  const [script, style] = await Promise.all(['main.ts', 'page.css'].map(bundled));
  const html = readFileSync(`${page}page.html`, 'utf8')
    .replaceAll(/\n\s*/g, '\n')
    .replace(/\s*\/\* style \*\/\s*/, () => style) // its hash is that of all between the tags
    .replace(/\s*\/\* script \*\/\s*/, () => script);
  if (Buffer.byteLength(html) > LARGEST)
    throw new Error(`The page has ${Buffer.byteLength(html)} bytes; ${LARGEST} are allowed.`);
  const values = { PAGE_HTML: html, PAGE_SCRIPT_HASH: hashOf(script), PAGE_STYLE_HASH: hashOf(style) };
  for (const [file, kind] of targets) {
    mkdirSync(dirname(file), { recursive: true });
    const statement = MODULES[kind];
    writeFileSync(
      file,
      Object.entries(values)
        .map(([name, value]) => statement(name, JSON.stringify(value)))
        .join(''),
    );
  }
}

async function bundled(file) {
  const { outputFiles } = await build({
    entryPoints: [`${page}${file}`],
    bundle: true,
    minify: true,
    write: false,
    target: 'es2022',
    format: 'esm',
    charset: 'utf8',
    legalComments: 'none',
  });
  return outputFiles[0].text.trim().replaceAll('</', String.raw`<\/`);
}

function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundleInspectorPage([
    [`${root}dist/esm/inspector/page-bundle.js`, 'esm'],
    [`${root}dist/cjs/inspector/page-bundle.js`, 'cjs'],
  ]);
}
