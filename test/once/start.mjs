// npm run once -- [events] [requests] [kills of each process]
import { runCompiled } from '../support/run-compiled.mjs';

await runCompiled(new URL('./main.ts', import.meta.url), 'once');
