import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { UniqueNames } from '../../../../lib/asyncapi/document/unique-names.js';

it('numbers a name that is taken, and replaces invalid characters', () => {
  const names = new UniqueNames('-');
  expect(['a', 'a', 'a-2', 'a/b', '/a/b/', '$', ''].map((name) => names.take(name))).toEqual([
    'a',
    'a-2',
    'a-2-2',
    'a-b',
    'a-b-2',
    'root',
    'root-2',
  ]);
});

it('never returns a name twice, and only names that AsyncAPI allows', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'a-2', 'a-2-2'))), (wanted) => {
      const names = new UniqueNames('_');
      const given = wanted.map((name) => names.take(name));
      expect(new Set(given).size).toBe(given.length);
      for (const name of given) expect(name).toMatch(/^\w+$/);
    }),
  );
});
