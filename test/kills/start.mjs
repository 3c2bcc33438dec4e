// npm run kills -- [kills] [broker, worker or both]
import { runCompiled } from '../support/run-compiled.mjs';

await runCompiled(new URL('./main.ts', import.meta.url), 'kills');
