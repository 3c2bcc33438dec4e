// npm run chaos -- [seconds]: compiles main.ts and its server processes, and runs it with the garbage collector at hand.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entryPoints = ['main', 'worker'].map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url)));
const outdir = fileURLToPath(new URL('../../node_modules/.cache/chaos', import.meta.url));

await build({
  entryPoints,
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external', // found from node_modules/.cache too
  platform: 'node',
  format: 'esm',
  keepNames: true,
  sourcemap: 'inline',
  logLevel: 'error',
});
const args = ['--expose-gc', '--enable-source-maps', `${outdir}/main.mjs`, ...process.argv.slice(2)];
const chaos = spawn(process.execPath, args, { stdio: 'inherit' });
chaos.on('exit', (code) => (process.exitCode = code ?? 1));
