import { expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../lib/index.js';
import { resolveInspectorOptions } from '../../../lib/inspector/inspector-options.js';

const guard = { canActivate: () => true };

it('refuses to start in production without a guard', () => {
  expect(() => resolveInspectorOptions({}, true)).toThrow(InvalidOptionsError);
  expect(resolveInspectorOptions({ guards: [guard] }, true).guards).toEqual([guard]);
});

it.each([
  [{ path: 'a b' }, 'path'],
  [{ guards: [{} as never] }, 'guards[0]'],
  [{ allow: ['drop' as never] }, 'allow[0]'],
  [{ payloads: { maxCharacters: 0 } }, 'payloads.maxCharacters'],
])('refuses %j', (options, option) => {
  expect(() => resolveInspectorOptions(options, false)).toThrow(option);
});
