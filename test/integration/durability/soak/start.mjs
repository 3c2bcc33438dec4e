// npm run soak -- [messages] [4 or 5]: compiles main.ts and runs it with the garbage collector at hand.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('./main.ts', import.meta.url));
const compiled = fileURLToPath(new URL('../../../../node_modules/.cache/soak/main.mjs', import.meta.url));

await build({
  entryPoints: [entry],
  outfile: compiled,
  bundle: true,
  packages: 'external', // found from node_modules/.cache too
  platform: 'node',
  format: 'esm',
  keepNames: true,
  sourcemap: 'inline',
  logLevel: 'error',
});
const soak = spawn(process.execPath, ['--expose-gc', '--enable-source-maps', compiled, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
soak.on('exit', (code) => (process.exitCode = code ?? 1));
