import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MessageProperties } from '../../../../lib/protocol/application-message.js';
import { utf8StringProblem } from '../../../../lib/protocol/utf8-string.js';
import { deadLetterOf } from '../../../../lib/server/handling/dead-letter.js';

const payload = Buffer.from('x');

function letterOf(properties: MessageProperties | undefined, reason = 'broken', protocolVersion: 4 | 5 = 5) {
  const packet = { topic: '', payload, qos: 1 as const, retain: true, dup: true, messageId: 7, properties };
  const message = { topic: 'orders/7', payload, packet };
  return deadLetterOf(message, 'dead', {
    reason: { name: 'RangeError', message: reason },
    attempts: 3,
    protocolVersion,
  });
}

describe('deadLetterOf', () => {
  it('is the message again, with why it was given up', () => {
    const properties = Object.freeze({
      contentType: 'text/plain',
      correlationData: Buffer.from('c'),
      responseTopic: 'r',
      messageExpiryInterval: 60,
      userProperties: Object.freeze({ site: '7', tag: ['a', 'b'] }) as Record<string, string | string[]>,
    });
    expect(letterOf(properties)).toEqual({
      topic: 'dead',
      payload,
      qos: 1,
      retain: false,
      properties: {
        ...properties,
        userProperties: {
          site: '7',
          tag: ['a', 'b'],
          'nest-dead-letter-reason': 'broken',
          'nest-dead-letter-error': 'RangeError',
          'nest-dead-letter-topic': 'orders/7',
          'nest-dead-letter-attempts': '3',
        },
      },
    });
  });

  it('leaves out what belongs to the connection that the message came on', () => {
    const { properties } = letterOf({ topicAlias: 3, subscriptionIdentifier: [1, 2], contentType: 'a/b' });
    expect(Object.keys(properties!).toSorted()).toEqual(['contentType', 'userProperties']);
  });

  it('has no place for the reason on 3.1.1', () => {
    expect(letterOf(undefined, 'broken', 4)).toEqual({ topic: 'dead', payload, qos: 1, retain: false });
  });

  it('tells any reason as a UTF-8 string that is not too long', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '😀', '\ud83d', '\0'), maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(texts, (reason) => {
        const told = letterOf({}, reason).properties!.userProperties!['nest-dead-letter-reason'] as string;
        expect(utf8StringProblem(told)).toBeUndefined();
        expect(told.length).toBeLessThanOrEqual(1_024);
      }),
    );
  });
});
