// npm run test:brokers [-- name ...]
import { runCompiled } from '../support/run-compiled.mjs';

await runCompiled(new URL('./main.ts', import.meta.url), 'brokers-run');
