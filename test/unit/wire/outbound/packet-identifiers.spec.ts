import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PacketIdentifiers } from '../../../../lib/wire/outbound/packet-identifiers.js';

const MAX = 65_535;

/** An application's provider that gives what it is told to, and keeps account. */
class Provider {
  readonly deallocated: number[] = [];
  readonly registered: number[] = [];
  cleared = 0;

  constructor(private readonly identifiers: Iterator<number | null>) {}

  allocate(): number | null {
    return this.identifiers.next().value as number | null;
  }

  getLastAllocated(): number | null {
    return null;
  }

  register(identifier: number): boolean {
    this.registered.push(identifier);
    return true;
  }

  deallocate(identifier: number): void {
    this.deallocated.push(identifier);
  }

  clear(): void {
    this.cleared++;
  }
}

function* roundAndRound(...identifiers: (number | null)[]): Generator<number | null> {
  for (;;) yield* identifiers;
}

function* broken(): Generator<number> {
  yield* [];
  throw new Error('the database is gone');
}

function takeAll(identifiers: PacketIdentifiers): (number | undefined)[] {
  return Array.from({ length: MAX }, () => identifiers.take());
}

describe('PacketIdentifiers (section 2.2.1)', () => {
  it('are the numbers from 1 to 65,535, round and round', () => {
    const identifiers = new PacketIdentifiers();
    const given = takeAll(identifiers);
    expect(given.slice(0, 3)).toEqual([1, 2, 3]);
    expect(new Set(given).size).toBe(MAX);
    expect(given.at(-1)).toBe(MAX);
    identifiers.free(7);
    identifiers.free(3);
    expect([identifiers.take(), identifiers.take()]).toEqual([3, 7]);
  });

  it('are none when all are taken, by either plane', () => {
    const identifiers = new PacketIdentifiers();
    identifiers.control.allocate();
    takeAll(identifiers);
    expect(identifiers.take()).toBeUndefined();
    expect(identifiers.control.allocate()).toBeNull();
    identifiers.free(9);
    expect(identifiers.control.allocate()).toBe(9);
    expect(identifiers.take()).toBeUndefined();
    identifiers.control.deallocate(9);
    expect([identifiers.take(), identifiers.take()]).toEqual([9, undefined]); // wherever the search begins
  });

  it('are not used again at once', () => {
    const identifiers = new PacketIdentifiers();
    const first = identifiers.take()!;
    identifiers.free(first);
    expect(identifiers.take()).not.toBe(first);
  });

  it('of a stored message is nobody else’s', () => {
    const identifiers = new PacketIdentifiers();
    identifiers.claim(1);
    identifiers.claim(2);
    expect(identifiers.take()).toBe(3);
    expect(identifiers.control.register(2)).toBe(false);
    identifiers.free(2);
    expect(identifiers.control.register(2)).toBe(true);
  });

  it.each([
    ['by default', () => undefined],
    ['with a provider that gives what is not free', () => new Provider(roundAndRound(1, 2, 3, 4, 5, 6))],
  ])('are never those of two packets at once, %s [MQTT-2.2.1-3]', (_, providerOf) => {
    const kinds = fc.constantFrom('take', 'claim', 'free', 'allocate', 'register', 'deallocate', 'clear');
    const actions = fc.array(fc.tuple(kinds, fc.integer({ min: 1, max: 6 })), { maxLength: 40 });
    fc.assert(
      fc.property(actions, (list) => {
        const identifiers = new PacketIdentifiers(providerOf());
        const { control } = identifiers;
        const [ofMessages, ofControl] = [new Set<number>(), new Set<number>()];
        let wrong = false;
        const isTaken = (identifier: number): boolean => ofMessages.has(identifier) || ofControl.has(identifier);
        const given = (identifier: number | null | undefined, to: Set<number>): void => {
          const isFree = typeof identifier === 'number' && !isTaken(identifier);
          wrong ||= !isFree && ofMessages.size + ofControl.size < 6;
          if (isFree) to.add(identifier);
        };
        for (const [kind, number] of list) {
          if (kind === 'take') given(identifiers.take(), ofMessages);
          else if (kind === 'allocate') given(control.allocate(), ofControl);
          else if (kind === 'register') {
            const isFree = !isTaken(number);
            wrong ||= control.register(number) !== isFree;
            if (isFree) ofControl.add(number);
          } else if (kind === 'claim' && !isTaken(number)) {
            identifiers.claim(number);
            ofMessages.add(number);
          } else if (kind === 'free') {
            identifiers.free(number);
            ofMessages.delete(number);
          } else if (kind === 'deallocate') {
            control.deallocate(number);
            ofControl.delete(number);
          } else if (kind === 'clear') {
            control.clear();
            ofControl.clear();
          }
        }
        expect(wrong).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('PacketIdentifiers, and MQTT.js', () => {
  it('which forgets its own with every connection, and none of a message', () => {
    const identifiers = new PacketIdentifiers();
    expect([identifiers.take(), identifiers.control.allocate(), identifiers.take()]).toEqual([1, 2, 3]);
    identifiers.control.deallocate(1);
    identifiers.control.clear();
    identifiers.free(2);
    expect([1, 2, 3].map((identifier) => identifiers.control.register(identifier))).toEqual([false, true, false]);
  });

  it('which asks for the one that it got last', () => {
    const { control } = new PacketIdentifiers();
    expect(control.getLastAllocated()).toBe(0);
    control.allocate();
    control.allocate();
    expect(control.getLastAllocated()).toBe(2);
  });
});

describe('PacketIdentifiers, and a messageIdProvider of the application', () => {
  it.each([[null], [0], [-1], [65_536], [1.5], [Number.NaN]])('that gives %j has none that is free', (given) => {
    const identifiers = new PacketIdentifiers(new Provider(roundAndRound(given)));
    expect(identifiers.take()).toBeUndefined();
    expect(identifiers.control.allocate()).toBeNull();
  });

  it('that gives the same for ever is not asked for ever', () => {
    const identifiers = new PacketIdentifiers(new Provider(roundAndRound(5)));
    expect(identifiers.take()).toBe(5);
    expect(identifiers.take()).toBeUndefined();
  });

  it('that throws is heard of', () => {
    expect(() => new PacketIdentifiers(new Provider(broken())).take()).toThrow('the database is gone');
  });

  it('is told once of every identifier that is free again', () => {
    const provider = new Provider(roundAndRound(1, 2, 3, 4));
    const identifiers = new PacketIdentifiers(provider);
    for (let i = 0; i < 2; i++) identifiers.take();
    for (let i = 0; i < 2; i++) identifiers.control.allocate();
    for (let i = 0; i < 2; i++) {
      identifiers.free(2);
      identifiers.control.deallocate(3);
    }
    expect(provider.deallocated).toEqual([2, 3]);
    identifiers.control.clear();
    identifiers.control.clear();
    expect(provider.deallocated).toEqual([2, 3, 4]);
    expect(provider.cleared).toBe(0); // it would forget those of messages
  });

  it('is told of those that stored messages have', () => {
    const provider = new Provider(roundAndRound(7, 8));
    const identifiers = new PacketIdentifiers(provider);
    identifiers.claim(7);
    expect(provider.registered).toEqual([7]);
    expect(identifiers.take()).toBe(8);
  });
});
