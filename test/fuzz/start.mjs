// npm run fuzz -- [packets] [4 or 5]: compiles main.ts and runs it.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('./main.ts', import.meta.url));
const compiled = new URL(`../../node_modules/.cache/fuzz/${process.pid}.mjs`, import.meta.url);

await build({
  entryPoints: [entry],
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
