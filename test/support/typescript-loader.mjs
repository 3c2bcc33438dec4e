// Lets a child process run TypeScript, the way jest does: node --import ./test/support/typescript-loader.mjs file.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
