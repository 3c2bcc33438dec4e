import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { assertTopicName, topicLevel, topicNameProblem } from '../../../lib/protocol/topic-name.js';
import { discouragedCharacter } from '../../../lib/protocol/utf8-string.js';

describe('assertTopicName', () => {
  it('throws what topicNameProblem reports, with the topic', () => {
    expect(() => assertTopicName('a/b')).not.toThrow();
    expect(() => assertTopicName('a/#')).toThrow(InvalidTopicError);
    expect(() => assertTopicName('a/#')).toThrow(/"a\/#": a Topic Name must not contain the wildcards/);
  });
});

describe('topicLevel', () => {
  it('makes one level of a topic of any Client Identifier', () => {
    const clientIds = fc.string({
      unit: fc.constantFrom('a', '/', '+', '#', '$', 'ü', '-', '\u0002', '\uffff'),
      minLength: 1,
    });
    fc.assert(
      fc.property(clientIds, (clientId) => {
        const level = topicLevel(clientId);
        expect(level).toHaveLength(clientId.length);
        expect(level).not.toContain('/');
        expect(level.startsWith('$')).toBe(false);
        expect(topicNameProblem(`reply/${level}/x`)).toBeUndefined();
        expect(discouragedCharacter(level)).toBeUndefined();
      }),
    );
  });
});
