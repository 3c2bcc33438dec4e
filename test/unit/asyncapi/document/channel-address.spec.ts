import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { channelAddress } from '../../../../lib/asyncapi/document/channel-address.js';
import { parseTopicTemplate } from '../../../../lib/routing/topic-template.js';
import { filterOf } from '../../../support/async-api.js';
import { topicFilters } from '../../protocol/topic-arbitraries.js';

function addressOf(template: string): ReturnType<typeof channelAddress> {
  const { filter, captures } = parseTopicTemplate(template);
  return channelAddress(filter, captures);
}

describe('the address of a channel', () => {
  it.each([
    ['devices/{deviceId}/state', 'devices/{deviceId}/state', ['deviceId']],
    ['a/+/b/+', 'a/{level2}/b/{level4}', ['level2', 'level4']],
    ['a/#', 'a/{rest}', ['rest']],
    ['#', '{rest}', ['rest']],
    ['/', '/', []],
    ['{level2}/+/{rest}/#', '{level2}/{level2_2}/{rest}/{rest_2}', ['level2', 'rest', 'level2_2', 'rest_2']],
    ['{$a}/{_a}', '{_a}/{_a_2}', ['_a', '_a_2']],
    ['a/{{b}}/c?', 'a/{literal2}/{literal3}', ['literal2', 'literal3']],
  ])('of %s', (template, address, parameters) => {
    const channel = addressOf(template);
    expect(channel.address).toBe(address);
    expect(Object.keys(channel.parameters)).toEqual(parameters);
  });

  it('leaves out captures of levels that the broker strips', () => {
    expect(
      channelAddress('a/+', [
        { name: 'stripped', level: -1 },
        { name: 'kept', level: 1 },
      ]),
    ).toMatchObject({
      address: 'a/{kept}',
    });
  });

  it('can be converted back to any filter', () => {
    fc.assert(
      fc.property(
        topicFilters(),
        fc.array(fc.constantFrom('{', '}', '?', '{x}', 'a{'), { maxLength: 3 }),
        (filter, odd) => {
          const whole = [...odd, filter].join('/');
          expect(filterOf(channelAddress(whole, []))).toBe(whole);
        },
      ),
    );
  });
});
