import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { likelyName } from '../../../lib/options/option-names.js';

const KNOWN = [
  'url',
  'qos',
  'shared',
  'retry',
  'deadLetter',
  'subscribeOptions',
  'publishOptions',
  'clientId',
  'ca',
  'nl',
];

describe('likelyName', () => {
  it.each([
    ['urll', 'url'],
    ['Qos', 'qos'],
    ['qoss', 'qos'],
    ['QOS', 'qos'],
    ['subscribeOption', 'subscribeOptions'],
    ['deadletter', 'deadLetter'],
    ['deadLeter', 'deadLetter'],
    ['clientID', 'clientId'],
    ['cleintId', 'clientId'],
    ['sahred', 'shared'],
    ['CA', 'ca'],
    ['cb', undefined],
    ['x', undefined],
    ['description', undefined],
    ['tags', undefined],
    ['', undefined],
  ])('%j is probably meant to be %j', (name, likely) => {
    expect(likelyName(name, KNOWN)).toBe(likely);
  });

  it('finds a name of its own kind again after one slip, and always the closest', () => {
    const slips = fc.tuple(fc.constantFrom(...KNOWN.filter(({ length }) => length > 3)), fc.nat(), fc.nat(3));
    fc.assert(
      fc.property(slips, ([name, position, kind]) => {
        const at = position % (name.length - 1);
        const [before, after] = [name.slice(0, at), name.slice(at)];
        const slipped = [`${before}${after.slice(1)}`, `${before}x${after}`, `${before}x${after.slice(1)}`][kind];
        const swapped = `${before}${after[1]}${after[0]}${after.slice(2)}`;
        expect(likelyName(slipped ?? swapped, KNOWN)).toBe(name);
      }),
    );
  });
});
