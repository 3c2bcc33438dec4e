import { describe, expect, it } from '@jest/globals';
import { connectReasonCode, describeReasonCode, isFailure, ReasonCode } from '../../../lib/protocol/reason-code.js';

const codes = Object.values(ReasonCode).filter((code) => typeof code === 'number');

describe('reason codes', () => {
  it('are the 43 of section 2.4, each once', () => {
    expect(new Set(codes).size).toBe(43);
  });

  it.each(codes)('0x%i fails from 0x80 on, and has words', (code) => {
    expect(isFailure(code)).toBe(code >= 0x80);
    expect(describeReasonCode(code)).toMatch(/^[a-z0-9 ]+$/);
    expect(describeReasonCode(code)).not.toBe('unknown reason');
  });

  it('take no reason code for no failure, and unknown ones for what their range says', () => {
    expect(isFailure(undefined)).toBe(false);
    expect(isFailure(0xff)).toBe(true);
    expect(describeReasonCode(0xff)).toBe('unknown reason');
  });

  it.each([
    [1, ReasonCode.UNSUPPORTED_PROTOCOL_VERSION],
    [2, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID],
    [3, ReasonCode.SERVER_UNAVAILABLE],
    [4, ReasonCode.BAD_USER_NAME_OR_PASSWORD],
    [5, ReasonCode.NOT_AUTHORIZED],
    [0x87, ReasonCode.NOT_AUTHORIZED],
    [0, ReasonCode.SUCCESS],
  ])('translate the 3.1.1 return code %i to 0x%i', (returnCode, expected) => {
    expect(connectReasonCode(returnCode)).toBe(expected);
  });
});
