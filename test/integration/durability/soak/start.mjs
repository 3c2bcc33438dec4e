// npm run soak -- [messages] [4 or 5]
import { runCompiled } from '../../../support/run-compiled.mjs';

await runCompiled(new URL('./main.ts', import.meta.url), 'soak');
