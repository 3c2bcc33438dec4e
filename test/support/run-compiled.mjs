import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';

/**
 * Compiles a TypeScript program with all that it imports from the project, and runs it in this process, with the garbage
 * collector at hand.
 *
 * @param {URL} entry the program
 * @param {string} name folder that it is compiled into, below node_modules/.cache
 */
export async function runCompiled(entry, name) {
  const compiled = new URL(`../../node_modules/.cache/${name}/${process.pid}.mjs`, import.meta.url);
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile: fileURLToPath(compiled),
    bundle: true,
    packages: 'external', // found from node_modules/.cache too
    platform: 'node',
    format: 'esm',
    keepNames: true,
    logLevel: 'error',
  });
  setFlagsFromString('--expose-gc');
  globalThis.gc = runInNewContext('gc');
  try {
    await import(compiled.href);
  } finally {
    await rm(compiled);
  }
}
