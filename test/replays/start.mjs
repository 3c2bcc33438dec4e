// npm run replays -- [letters] [replays a second]
import { runCompiled } from '../support/run-compiled.mjs';

await runCompiled(new URL('./main.ts', import.meta.url), 'replays');
