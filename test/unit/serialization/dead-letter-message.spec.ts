import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readDeadLetterJson, writeDeadLetter } from '../../../lib/protocol/dead-letter-json.js';
import type { DeadLetter } from '../../../lib/protocol/dead-letter.js';
import { deadLetter } from '../../support/dead-letters.js';
import { deadLetterMessage, readDeadLetter, replayedMessage } from '../../../lib/serialization/dead-letter-message.js';

const letter = deadLetter({
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  pattern: 'orders/{id}',
  group: 'billing',
  handler: 'Orders.created()',
  attempts: 3,
  error: 'RangeError',
  topic: 'orders/7',
  payload: Buffer.from('{"id":7}'),
});

const told = {
  'nest-dead-letter-reason': 'broken',
  'nest-dead-letter-error': 'RangeError',
  'nest-dead-letter-topic': 'orders/7',
  'nest-dead-letter-attempts': '3',
  'nest-dead-letter-time': '2026-01-02T03:04:05.678Z',
  'nest-dead-letter-pattern': 'orders/{id}',
  'nest-dead-letter-group': 'billing',
  'nest-dead-letter-handler': 'Orders.created()',
};

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((value) => !value.includes('\0'));
const letters: fc.Arbitrary<DeadLetter> = fc.record({
  time: fc.integer({ min: 1, max: 4e12 }),
  pattern: fc.stringMatching(/^[a-z/+{}]{1,30}$/),
  group: fc.option(fc.stringMatching(/^[a-z]{1,9}$/), { nil: undefined }),
  handler: fc.option(fc.stringMatching(/^[A-Z][a-z]{1,9}$/), { nil: undefined }),
  attempts: fc.nat(),
  reason: text,
  error: fc.option(text, { nil: undefined }),
  replays: fc.nat(),
  topic: fc.stringMatching(/^[a-z/]{1,30}$/),
  payload: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  properties: fc.option(
    fc.record(
      {
        contentType: text,
        responseTopic: text,
        correlationData: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
        messageExpiryInterval: fc.nat(),
        payloadFormatIndicator: fc.boolean(),
        userProperties: fc.dictionary(text, fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 3 }))),
      },
      { requiredKeys: [] },
    ),
    { nil: undefined },
  ),
});

/** Without what is undefined, and prototypes. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a dead letter on 5.0', () => {
  it('is the message again, with why it was given up', () => {
    const properties = Object.freeze({
      contentType: 'text/plain',
      correlationData: Buffer.from('c'),
      responseTopic: 'r',
      messageExpiryInterval: 60,
      userProperties: Object.freeze({ site: '7', tag: ['a', 'b'] }) as Record<string, string | string[]>,
    });
    expect(deadLetterMessage({ ...letter, properties }, 'dead', 5)).toEqual({
      topic: 'dead',
      payload: letter.payload,
      qos: 1,
      retain: false,
      properties: { ...properties, userProperties: { site: '7', tag: ['a', 'b'], ...told } },
    });
  });

  it('leaves out what it does not have', () => {
    const bare = { ...letter, group: undefined, handler: undefined, error: undefined };
    const names = Object.keys(deadLetterMessage(bare, 'dead', 5).properties!.userProperties!);
    expect(names).toEqual(['reason', 'topic', 'attempts', 'time', 'pattern'].map((name) => `nest-dead-letter-${name}`));
  });

  it('says how often it was replayed, where it was', () => {
    const { properties } = deadLetterMessage({ ...letter, replays: 2 }, 'dead', 5);
    expect(properties?.userProperties?.['nest-dead-letter-replays']).toBe('2');
  });
});

describe('a dead letter on 3.1.1', () => {
  it('is JSON that a person can read', () => {
    const { payload, ...message } = deadLetterMessage(letter, 'dead', 4);
    expect(message).toEqual({ topic: 'dead', qos: 1, retain: false });
    expect(JSON.parse(payload.toString())).toEqual({
      nestDeadLetter: 1,
      time: '2026-01-02T03:04:05.678Z',
      pattern: 'orders/{id}',
      group: 'billing',
      handler: 'Orders.created()',
      attempts: 3,
      reason: 'broken',
      error: 'RangeError',
      replays: 0,
      topic: 'orders/7',
      payload: '{"id":7}',
      qos: 1,
    });
  });

  it('holds bytes that are no text in base64', () => {
    const { payload } = deadLetterMessage({ ...letter, payload: Buffer.from([0, 255]) }, 'dead', 4);
    expect(JSON.parse(payload.toString())).toMatchObject({ payloadBase64: 'AP8=' });
  });
});

describe('readDeadLetter', () => {
  it.each([4, 5] as const)('reads any letter as it was (protocol %i)', (version) => {
    fc.assert(
      fc.property(letters, (any) => {
        const { payload, ...message } = deadLetterMessage(any, 'dead', version);
        const packet = { ...message, payload: Buffer.from(payload), dup: false };
        // on 5.0 the letter has properties of its own
        const expected = version === 5 ? { ...any, properties: { userProperties: {}, ...any.properties } } : any;
        expect(plain(readDeadLetter(packet))).toEqual(plain(expected));
      }),
    );
  });

  it('knows what is none', () => {
    const packet = { topic: 'dead', qos: 0, retain: false, dup: false } as const;
    const payloads = ['', '{', 'null', '7', '[]', '{"nestDeadLetter":2}', '{"nestDeadLetter":1,"time":"yesterday"}'];
    for (const payload of payloads)
      expect(readDeadLetter({ ...packet, payload: Buffer.from(payload) })).toBeUndefined();
  });

  it('takes properties that somebody else has written for what they are', () => {
    const userProperties = {
      'nest-dead-letter-topic': 'a',
      'nest-dead-letter-time': 'yesterday',
      'nest-dead-letter-attempts': '-1',
      'nest-dead-letter-replays': '1e99',
    };
    const packet = { topic: 'dead', payload: letter.payload, qos: 0, retain: false, dup: false } as const;
    const read = readDeadLetter({ ...packet, properties: { userProperties } })!;
    expect(read).toMatchObject({ topic: 'a', pattern: 'a', attempts: 0, replays: 0, reason: '' });
    expect(read.time).toBeGreaterThan(Date.UTC(2026, 0));
  });
});

describe('writeDeadLetter', () => {
  it('writes what readDeadLetterJson reads, whatever the letter', () => {
    fc.assert(
      fc.property(letters, (any) => {
        expect(plain(readDeadLetterJson(writeDeadLetter(any)))).toEqual(plain(any));
        expect(readDeadLetterJson(writeDeadLetter(any)).payload).toEqual(any.payload);
      }),
    );
  });
});

describe('replayedMessage', () => {
  const properties = { contentType: 'a/b', messageExpiryInterval: 1, userProperties: { site: '7' } };

  it('is the message as it came, without its expiry, and says how often it was replayed (5.0)', () => {
    expect(replayedMessage({ ...letter, replays: 2, properties }, 5)).toEqual({
      topic: 'orders/7',
      payload: letter.payload,
      qos: 1,
      retain: false,
      properties: { contentType: 'a/b', userProperties: { site: '7', 'nest-dead-letter-replays': '2' } },
    });
  });

  it('is the message as it came (3.1.1)', () => {
    const message = { topic: 'orders/7', payload: letter.payload, qos: 1, retain: false };
    expect(replayedMessage(letter, 4)).toEqual(message);
  });
});
