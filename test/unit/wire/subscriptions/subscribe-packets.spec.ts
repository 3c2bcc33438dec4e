import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { subscribePackets, type SubscriptionRequest } from '../../../../lib/wire/subscriptions/subscribe-packets.js';

interface Asked {
  readonly request: SubscriptionRequest;
}

const UNBOUNDED = { filters: 500, bytes: Infinity };

function asked(filter: string, options: Partial<SubscriptionRequest> = {}): Asked {
  return { request: { filter, qos: 1, ...options } };
}

function filtersOf(packets: readonly (readonly Asked[])[]): string[][] {
  return packets.map((packet) => packet.map(({ request }) => request.filter));
}

/** Bytes of the SUBSCRIBE that MQTT.js makes of it. */
function sizeOf(packet: readonly Asked[]): number {
  const { identifier } = packet[0]!.request;
  const subscriptions = packet.map(({ request: { filter, qos } }) => ({
    topic: filter,
    qos,
    nl: false,
    rap: false,
    rh: 0,
  }));
  const properties = identifier === undefined ? {} : { subscriptionIdentifier: identifier };
  return generate({ cmd: 'subscribe', messageId: 1, subscriptions, properties }, { protocolVersion: 5 }).length;
}

describe('subscribePackets', () => {
  it('asks for all that can be asked for together in one packet, in order', () => {
    expect(filtersOf(subscribePackets([asked('c'), asked('a'), asked('b')], UNBOUNDED))).toEqual([['c', 'a', 'b']]);
    expect(subscribePackets([], UNBOUNDED)).toEqual([]);
  });

  it.each<[string, Partial<SubscriptionRequest>]>([
    ['QoS', { qos: 2 }],
    ['No Local', { nl: true }],
    ['Retain As Published', { rap: true }],
    ['Retain Handling', { rh: 1 }],
    ['Subscription Identifier (section 3.8.2.1.2)', { identifier: 1 }],
  ])('keeps apart those with another %s', (_, options) => {
    const packets = subscribePackets([asked('a'), asked('b', options), asked('c')], UNBOUNDED);
    expect(filtersOf(packets)).toEqual([['a', 'c'], ['b']]);
  });

  it('asks for each Shared Subscription alone, and for the others together', () => {
    const filters = ['a', '$share/g/a', 'b', '$share/g/b', '$shared'].map((filter) => asked(filter));
    expect(filtersOf(subscribePackets(filters, UNBOUNDED))).toEqual([
      ['a', 'b', '$shared'],
      ['$share/g/a'],
      ['$share/g/b'],
    ]);
  });

  it('takes what is left out for its default', () => {
    const defaults = { nl: false, rap: false, rh: 0, identifier: undefined };
    expect(filtersOf(subscribePackets([asked('a'), asked('b', defaults)], UNBOUNDED))).toEqual([['a', 'b']]);
  });

  it('keeps to the number of filters', () => {
    const filters = 'abcdefg'.split('').map((filter) => asked(filter));
    expect(filtersOf(subscribePackets(filters, { ...UNBOUNDED, filters: 3 }))).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
      ['g'],
    ]);
  });

  it('asks alone for a filter that is too long for any packet: the broker says so', () => {
    const long = 'x'.repeat(1_000);
    expect(filtersOf(subscribePackets([asked('a'), asked(long), asked('b')], { filters: 9, bytes: 500 }))).toEqual([
      ['a'],
      [long],
      ['b'],
    ]);
  });

  it('counts bytes, not characters', () => {
    const packets = subscribePackets([asked('é'.repeat(40)), asked('é'.repeat(40))], { filters: 9, bytes: 160 });
    expect(packets).toHaveLength(2);
  });

  it('never asks for more than 64 KiB at once', () => {
    const filters = Array.from({ length: 100 }, (_, i) => asked(`${i}`.padEnd(2_000, 'x')));
    const packets = subscribePackets(filters, UNBOUNDED);
    expect(Math.max(...packets.map(sizeOf))).toBeLessThanOrEqual(65_536);
    expect(packets.length).toBe(4);
  });

  it('asks for each once, in packets that the bounds allow and that hold one kind each', () => {
    const requests = fc.record({
      filter: fc
        .tuple(fc.constantFrom('', '$share/g/'), fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' }))
        .map((parts) => parts.join('')),
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      nl: fc.boolean(),
      rap: fc.boolean(),
      rh: fc.nat(2),
      identifier: fc.option(fc.constantFrom(1, 2, 268_435_455), { nil: undefined }),
    });
    const bounds = fc.record({ filters: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 300, max: 900 }) });
    fc.assert(
      fc.property(fc.array(requests, { maxLength: 30 }), bounds, (list, given) => {
        const all = list.map((request) => ({ request }));
        const packets = subscribePackets(all, given);
        expect(new Set(packets.flat())).toEqual(new Set(all));
        expect(packets.flat()).toHaveLength(all.length);
        for (const packet of packets) {
          expect(packet.length).toBeLessThanOrEqual(given.filters);
          expect(sizeOf(packet)).toBeLessThanOrEqual(given.bytes);
          const kinds = packet.map(({ request: { filter: _, ...kind } }) => JSON.stringify(kind));
          expect(new Set(kinds).size).toBe(1);
        }
      }),
    );
  });
});
