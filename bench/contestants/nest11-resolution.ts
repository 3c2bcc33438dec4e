// A resolution hook of Node.js (`module.register`): Nest's packages are those of test/compat/nest11.
import type { ResolveHook } from 'node:module';

const COMPAT = new URL('../../../../test/compat/nest11/package.json', import.meta.url).href;

export const resolve: ResolveHook = (specifier, context, nextResolve) =>
  nextResolve(specifier, specifier.startsWith('@nestjs/') ? { ...context, parentURL: COMPAT } : context);
