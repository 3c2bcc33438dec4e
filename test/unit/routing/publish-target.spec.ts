import { describe, expect, it } from '@jest/globals';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { resolvePublishTarget } from '../../../lib/routing/publish-target.js';

const captures = [
  { name: 'id', level: 1 },
  { name: 'channel', level: 3 },
];

describe('resolvePublishTarget', () => {
  it.each([
    ['results', 'results'],
    ['devices/{id}/fahrenheit', 'devices/7/fahrenheit'],
    ['{channel}/{id}', 'x y/7'],
    ['{id}', '7'],
    ['{{id}}/{id}', '{id}/7'],
  ])('fills %s with what the message captured', (topic, expected) => {
    const target = resolvePublishTarget({ topic, options: { qos: 1 } }, captures);
    expect(target.topicOf({ id: '7', channel: 'x y' })).toBe(expected);
    expect(target.topicOf({ id: '8', channel: '' })).not.toContain('7'); // nothing is left of the message before
    expect(target.options).toEqual({ qos: 1 });
  });

  it.each(['a/#', 'a/+', '', 'a\0', 'device-{id}'])('refuses %j, which is no Topic Name', (topic) => {
    expect(() => resolvePublishTarget({ topic, options: {} }, captures)).toThrow(InvalidTopicError);
  });

  it('refuses a capture that the pattern does not have', () => {
    expect(() => resolvePublishTarget({ topic: 'a/{site}', options: {} }, captures)).toThrow(
      /does not capture \{site\}/,
    );
  });
});
