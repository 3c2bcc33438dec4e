import { describe, expect, it } from '@jest/globals';
import { AckPolicy } from '../../../lib/options/ack-policy.js';
import { OptionChecks } from '../../../lib/options/option-checks.js';
import {
  checkSubscription,
  isPermanent,
  resolveSubscription,
  type MqttSubscriptionOptions,
} from '../../../lib/options/subscription-options.js';
import { problemsOf } from './problems.js';

function problems(options: object | undefined | null, protocolVersion: 4 | 5 = 5): string[] {
  return problemsOf(() => {
    const checks = new OptionChecks();
    checkSubscription(checks, 'here', options as MqttSubscriptionOptions, protocolVersion);
    checks.done();
  });
}

describe('resolveSubscription', () => {
  it('switches inherited dead letters off, onDeadLetter included', () => {
    const server = { deadLetter: true, onDeadLetter: () => {} };
    expect(resolveSubscription([server])).toMatchObject(server);
    expect(resolveSubscription([server, { deadLetter: 'failed' }])).toMatchObject({ ...server, deadLetter: 'failed' });
    const off = { deadLetter: undefined, onDeadLetter: undefined };
    expect(resolveSubscription([server, { deadLetter: false }])).toMatchObject(off);
  });

  it('has the defaults that are documented', () => {
    expect(resolveSubscription([])).toEqual({
      qos: 0,
      shared: undefined,
      prefix: '',
      ackPolicy: AckPolicy.ACK,
      maxWorkers: Infinity,
      noReply: false,
      responseTopic: undefined,
      replyFormat: 'plain',
      retry: { attempts: 1, delay: 1_000, factor: 2, maxDelay: 30_000, permanent: isPermanent },
      deadLetter: undefined,
      deadLetterReason: 'original',
      onDeadLetter: undefined,
      onDeadLetterFailure: 'withhold',
      deadLetterTimeout: 10_000,
      deduplicate: false,
      rejectReasonCode: 0x83,
      nl: false,
      rap: false,
      rh: 0,
      codec: undefined,
    });
  });

  it.each<[string, (MqttSubscriptionOptions | undefined)[], MqttSubscriptionOptions]>([
    [
      'the nearest value wins, key by key',
      [{ qos: 1, rap: true }, { qos: 2 }, { maxWorkers: 1 }],
      { qos: 2, rap: true, maxWorkers: 1 },
    ],
    ['undefined says nothing', [{ qos: 1 }, { qos: undefined }, undefined], { qos: 1 }],
    [
      'falsy values say something',
      [
        { qos: 2, noReply: true },
        { qos: 0, noReply: false },
      ],
      { qos: 0, noReply: false },
    ],
    ['prefixes add up', [{ prefix: 'a/' }, { prefix: 'b/' }, { prefix: 'c' }], { prefix: 'a/b/c' }],
    ['false switches an inherited group off', [{ shared: 'g' }, { shared: false }], { shared: undefined }],
    ['a nearer group switches it on again', [{ shared: 'g' }, { shared: false }, { shared: 'h' }], { shared: 'h' }],
  ])('%s', (_, levels, expected) => {
    expect(resolveSubscription(levels)).toMatchObject(expected);
  });

  it('takes retry as a whole from the nearest level, and fills in the rest', () => {
    const { retry } = resolveSubscription([{ retry: { attempts: 9, delay: 1 } }, { retry: { attempts: 3 } }]);
    expect(retry).toEqual({ attempts: 3, delay: 1_000, factor: 2, maxDelay: 30_000, permanent: isPermanent });
  });

  it('changes nothing that it is given, and lets nobody change what it gives', () => {
    const level = Object.freeze({ qos: 1 as const, prefix: 'a/', retry: Object.freeze({ attempts: 2 }) });
    const resolved = resolveSubscription([level, level]);
    expect(Object.isFrozen(resolved)).toBe(true);
    expect(Object.isFrozen(resolved.retry)).toBe(true);
    expect(level).toEqual({ qos: 1, prefix: 'a/', retry: { attempts: 2 } });
  });
});

describe('checkSubscription', () => {
  it.each<[string, object | undefined]>([
    ['nothing', undefined],
    ['an empty set', {}],
    [
      'every option at its edge',
      {
        qos: 2,
        shared: 'g',
        prefix: '',
        ackPolicy: 'MANUAL',
        maxWorkers: Infinity,
        noReply: true,
        responseTopic: 'a',
        retry: { attempts: 1, delay: 0, factor: 1, maxDelay: 0 },
        deadLetter: '/',
        rejectReasonCode: 0x99,
        rap: true,
        rh: 2,
      },
    ],
    ['No Local outside of a group', { nl: true, shared: false }],
    ['a codec, also one of a class', { codec: { encode: () => ({ payload: '' }), decode: () => 1 } }],
  ])('takes %s', (_, options) => {
    expect(problems(options)).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['qos', 3],
    ['qos', '1'],
    ['shared', true],
    ['shared', ''],
    ['shared', 'a/b'],
    ['shared', '+'],
    ['shared', 'a#'],
    ['shared', 'a\0'],
    ['prefix', 7],
    ['prefix', '\ud800/'],
    ['ackPolicy', 'LATER'],
    ['maxWorkers', 0],
    ['maxWorkers', 1.5],
    ['maxWorkers', NaN],
    ['noReply', 'yes'],
    ['responseTopic', 'a/#'],
    ['responseTopic', ''],
    ['responseTopic', 7],
    ['replyFormat', 'nest'],
    ['deadLetter', 'a/+'],
    ['deadLetter', ''],
    ['deadLetter', '\ud800'],
    ['deadLetter', 7],
    ['onDeadLetter', 'page'],
    ['onDeadLetterFailure', 'drop'],
    ['deadLetterTimeout', 0],
    ['deadLetterTimeout', Infinity],
    ['rejectReasonCode', 0x7f],
    ['rejectReasonCode', 0x88], // a failure, but none that PUBACK knows
    ['rejectReasonCode', 0x100],
    ['nl', 1],
    ['rap', 0],
    ['rh', 3],
    ['codec', { encode: () => 1 }],
    ['codec', 'json'],
    ['retry', 3],
    ['retry', null],
  ])('refuses %s: %j', (option, value) => {
    expect(problems({ [option]: value })).toEqual([`here.${option}`]);
  });

  it.each<[string, unknown]>([
    ['attempts', 0],
    ['attempts', Infinity],
    ['delay', -1],
    ['delay', Infinity],
    ['maxDelay', 0.5],
    ['maxDelay', Infinity],
    ['factor', 0.5],
    ['factor', NaN],
    ['maxDelay', -1],
  ])('refuses retry.%s: %j', (option, value) => {
    expect(problems({ retry: { attempts: 1, [option]: value } })).toEqual([`here.retry.${option}`]);
  });

  const store = { claim: () => 1, renew: () => 1, complete: () => 1, release: () => 1 };

  it.each<unknown>([
    true,
    false,
    {},
    { store },
    { key: () => 'a', store, ttl: 1, lease: 100, onStoreFailure: 'withhold' },
    { ttl: 365 * 86_400_000, lease: 0x7fff_ffff, onStoreFailure: 'run' },
  ])('takes deduplicate: %j', (deduplicate) => {
    expect(problems({ deduplicate })).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['', 7],
    ['', 'yes'],
    ['', null],
    ['', []],
    ['.key', { key: 'id' }],
    ['.store', { store: { get: () => 1, set: () => 1 } }],
    ['.store', { store: { ...store, release: undefined } }],
    ['.ttl', { ttl: 0 }],
    ['.ttl', { ttl: Infinity }],
    ['.ttl', { ttl: 365 * 86_400_000 + 1 }],
    ['.lease', { lease: 99 }],
    ['.lease', { lease: 0x8000_0000 }],
    ['.onStoreFailure', { onStoreFailure: 'reject' }],
  ])('refuses deduplicate%s: %j', (option, deduplicate) => {
    expect(problems({ deduplicate })).toEqual([`here.deduplicate${option}`]);
  });

  it('takes deduplicate on 3.1.1 with a key for events only', () => {
    expect(problems({ deduplicate: { key: () => 'a' } }, 4)).toEqual([]);
    expect(problems({ deduplicate: false }, 4)).toEqual([]);
    for (const deduplicate of [true, {}, { store }]) expect(problems({ deduplicate }, 4)).toEqual(['here.deduplicate']);
  });

  it.each([null, 7, 'qos', [1]])('refuses %j in place of a set of options', (options) => {
    expect(problems(options as never)).toEqual(['here']);
  });

  it.each([{ nl: true }, { rap: false }, { rh: 0 }, { replyFormat: 'plain' as const }])(
    'refuses %j on 3.1.1, whatever its value',
    (options) => {
      expect(problems(options, 4)).toEqual([`here.${Object.keys(options)[0]!}`]);
    },
  );

  it('refuses No Local in a group [MQTT-3.8.3-4]', () => {
    expect(problems({ nl: true, shared: 'g' })).toEqual(['here.nl']);
  });

  it('reports everything at once', () => {
    expect(problems({ qos: 9, maxWorkers: 0, deadLetter: '#', retry: { attempts: 0, factor: 0 } })).toEqual([
      'here.qos',
      'here.maxWorkers',
      'here.deadLetter',
      'here.retry.attempts',
      'here.retry.factor',
    ]);
  });
});
