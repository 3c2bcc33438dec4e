import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PublishPacket } from '../../../../lib/protocol/application-message.js';
import { ACK, NACK } from '../../../../lib/protocol/delivery.js';
import { InboundMessage } from '../../../../lib/wire/inbound/inbound-message.js';
import type { Writer } from '../../../../lib/wire/outbound/writer.js';

const NOW = 1_700_000_000_000;
const WRITER = {} as Writer;
const OTHER_WRITER = {} as Writer;

beforeEach(() => void jest.useFakeTimers({ now: NOW }));
afterEach(() => void jest.useRealTimers());

function packet(changes: Partial<PublishPacket> = {}): PublishPacket {
  return { topic: 'a', payload: Buffer.from('x'), qos: 1, retain: false, dup: false, messageId: 7, ...changes };
}

function message(changes: Partial<PublishPacket> = {}, decided = jest.fn()): InboundMessage {
  return new InboundMessage(packet(changes), WRITER, { decided });
}

describe('InboundMessage', () => {
  it('tells of the first decision, and of no other', () => {
    const decided = jest.fn();
    const one = message({}, decided);
    expect(one.decision).toBeUndefined();
    one.decide(NACK);
    one.decide(ACK);
    expect(decided.mock.calls).toEqual([[one, NACK]]);
    expect(one.decision).toBe(NACK);
  });

  it('at QoS 0 has nobody to tell', () => {
    const decided = jest.fn();
    const one = message({ qos: 0, messageId: undefined }, decided);
    one.decide(ACK);
    expect(decided).not.toHaveBeenCalled();
    expect(one.decision).toBe(ACK);
  });

  it('shows what came, and when', () => {
    expect(message()).toMatchObject({
      topic: 'a',
      payload: Buffer.from('x'),
      qos: 1,
      identifier: 7,
      arrivedAt: NOW,
      expiresAt: Infinity,
    });
    expect(message({ properties: { messageExpiryInterval: 0 } }).expiresAt).toBe(NOW);
    expect(message({ properties: { messageExpiryInterval: 90 } }).expiresAt).toBe(NOW + 90_000);
  });
});

describe('InboundMessage.isRedeliveredBy', () => {
  it.each<[string, Partial<PublishPacket>, Writer, boolean]>([
    ['the same, marked as a duplicate, on another connection', { dup: true }, OTHER_WRITER, true],
    ['the same on the same connection', {}, WRITER, true],
    ['the same on another connection, not marked: identifiers are used again', {}, OTHER_WRITER, false],
    ['another topic', { dup: true, topic: 'b' }, OTHER_WRITER, false],
    ['another payload', { dup: true, payload: Buffer.from('y') }, OTHER_WRITER, false],
    ['another QoS', { dup: true, qos: 2 }, OTHER_WRITER, false],
    ['other flags', { dup: true, retain: true }, OTHER_WRITER, true],
  ])('by %s', (_, changes, writer, expected) => {
    expect(message().isRedeliveredBy(packet(changes), writer)).toBe(expected);
  });
});
