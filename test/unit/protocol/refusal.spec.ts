import { describe, expect, it } from '@jest/globals';
import { RejectMessage } from '../../../lib/acknowledgement/acknowledgement-exceptions.js';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import { assertRefusal } from '../../../lib/protocol/refusal.js';

describe('[MQTT-3.4.2-1] [MQTT-3.5.2-1] reason codes with which a message may be refused', () => {
  it.each([0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99, undefined])('%p is one', (reasonCode) => {
    expect(() => assertRefusal(reasonCode)).not.toThrow();
    expect(new RejectMessage('no', reasonCode).reasonCode).toBe(reasonCode);
  });

  it.each([0, 0x10, 0x7f, 0x82, 0x88, 0x92, 0xff, 0x183, -1, 128.5, NaN])('%p is none', (reasonCode) => {
    expect(() => assertRefusal(reasonCode)).toThrow(InvalidOptionsError);
    expect(() => assertRefusal(reasonCode)).toThrow(/Use one of 0x80 \(unspecified error\), 0x83/);
    expect(() => new RejectMessage('no', reasonCode)).toThrow(InvalidOptionsError);
  });
});
