// npm run test:peers -- [name ...]: compiles main.ts and runs it in the project's folder.
import { fileURLToPath } from 'node:url';
import { runCompiled } from '../support/run-compiled.mjs';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
await runCompiled(new URL('./main.ts', import.meta.url), 'peers');
