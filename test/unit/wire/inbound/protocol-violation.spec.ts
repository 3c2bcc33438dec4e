import { describe, expect, it } from '@jest/globals';
import { ReasonCode } from '../../../../lib/protocol/reason-code.js';
import { hex, malformed, protocolError, ProtocolViolation } from '../../../../lib/wire/inbound/protocol-violation.js';

describe('ProtocolViolation', () => {
  it('holds what a DISCONNECT says', () => {
    const error = new ProtocolViolation(ReasonCode.TOPIC_ALIAS_INVALID, 'text');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'ProtocolViolation', message: 'text', reasonCode: 0x94 });
  });

  it('1.2 tells what cannot be read from what is not allowed', () => {
    expect(malformed('text')).toMatchObject({ message: 'text', reasonCode: 0x81 });
    expect(protocolError('text')).toMatchObject({ message: 'text', reasonCode: 0x82 });
  });

  it.each([
    [0, '0x00'],
    [0x0b, '0x0b'],
    [0xff, '0xff'],
  ])('writes the byte %i as %s', (byte, written) => {
    expect(hex(byte)).toBe(written);
  });
});
