import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DeduplicateOptions } from '../../../../lib/options/deduplicate-options.js';
import { resolveSubscription } from '../../../../lib/options/subscription-options.js';
import type { KeyedMessage } from '../../../../lib/protocol/keyed-message.js';
import { Deduplications, type Deduplication } from '../../../../lib/server/deduplication/deduplication.js';

const situation = { durableSession: true, logger: new Logger() };

function handler(
  deduplicate: boolean | DeduplicateOptions,
  { subscription = 's', isEventHandler = true, method = { extras: {} } } = {},
) {
  return { subscription, isEventHandler, method, options: resolveSubscription([{ deduplicate }]) };
}

function ofEvents(
  key: DeduplicateOptions['key'],
  durableSession = true,
  options: DeduplicateOptions = {},
): Deduplication {
  const deduplications = new Deduplications({ ...situation, durableSession });
  return deduplications.of(handler({ ...(key && { key }), ...options }))!;
}

const message = (properties: object = {}): KeyedMessage =>
  ({ topic: 't', params: {}, data: undefined, packet: { properties } }) as unknown as KeyedMessage;

const sameKey = (): string => 'k';

/** What handlers that all say the same key are known by, in one process. */
function keysOfHandlers(): (string | undefined)[] {
  const deduplications = new Deduplications(situation);
  const method = { extras: {} };
  return [
    handler({ key: sameKey }, { subscription: '$share/a/t', method }),
    handler({ key: sameKey }, { subscription: 'other', method }),
    handler({ key: sameKey }, { subscription: '$share/b/t' }),
    handler({ key: sameKey }, { subscription: '$share/a/t' }),
  ].map((each) => deduplications.of(each)!.keyOf(message()));
}

describe('Deduplications', () => {
  it('are of handlers that ask for it, and of events only with a key', () => {
    const deduplications = new Deduplications(situation);
    expect(deduplications.of(handler(false))).toBeUndefined();
    expect(deduplications.of(handler(true))).toBeUndefined();
    expect(deduplications.of(handler(false, { isEventHandler: false }))).toBeUndefined();
    expect(deduplications.of(handler(true, { isEventHandler: false }))).toBeDefined();
    expect(deduplications.of(handler({ key: () => 'a' }))).toBeDefined();
  });

  it('keep the keys of handlers apart, the same way in each process, and not those of one method', () => {
    const found = keysOfHandlers();
    expect(found[1]).toBe(found[0]);
    expect(new Set(found).size).toBe(3);
    expect(keysOfHandlers()).toEqual(found);
  });
});

describe('Deduplication', () => {
  it('shortens long keys, and those that databases refuse, and keeps them apart', () => {
    const texts = ['x'.repeat(300), `${'x'.repeat(300)}y`, 'a\0b', 'a\0c', '\ud800', '\ud801'];
    const keys = texts.map((text) => ofEvents(() => text).keyOf(message())!);
    expect(new Set(keys).size).toBe(texts.length);
    for (const key of keys) expect(key).toMatch(/^[\w-]{43}$/);
  });

  it('knows requests by Response Topic and Correlation Data, both', () => {
    const requests = new Deduplications(situation).of(handler(true, { isEventHandler: false }))!;
    const correlationData = Buffer.from('c');
    expect(requests.keyOf(message({ responseTopic: 'r', correlationData }))).toBe('s Yw== r');
    expect(requests.keyOf(message({ responseTopic: 'r' }))).toBeUndefined();
    expect(requests.keyOf(message({ correlationData }))).toBeUndefined();
  });

  it.each<[boolean, 0 | 1 | 2, DeduplicateOptions['onStoreFailure'], boolean]>([
    [true, 1, undefined, false],
    [true, 2, undefined, false],
    [true, 0, undefined, true],
    [false, 1, undefined, true],
    [true, 1, 'run', true],
    [true, 0, 'withhold', false],
  ])('in a session that survives: %j, at QoS %i, with onStoreFailure %s: runs %j', (durable, qos, policy, runs) => {
    const deduplication = ofEvents(() => 'a', durable, policy && { onStoreFailure: policy });
    expect(deduplication.runsWithoutStore(qos)).toBe(runs);
  });

  it('keeps events for a day', () => {
    expect(ofEvents(() => 'a').ttlMs(Infinity)).toBe(86_400_000);
    expect(ofEvents(() => 'a').ttlMs(Date.now() + 1_000)).toBe(86_400_000);
  });
});
