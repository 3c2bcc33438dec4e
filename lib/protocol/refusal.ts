import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { describeReasonCode, ReasonCode } from './reason-code.js';

/** Reason codes with which PUBACK and PUBREC may reject a message (sections 3.4.2.1 and 3.5.2.1, [MQTT-3.4.2-1]). */
export const REFUSALS: readonly number[] = [
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.NOT_AUTHORIZED,
  ReasonCode.TOPIC_NAME_INVALID,
  ReasonCode.PACKET_IDENTIFIER_IN_USE,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.PAYLOAD_FORMAT_INVALID,
];

/** @throws InvalidOptionsError when a message cannot be rejected with this reason code */
export function assertRefusal(reasonCode: number | undefined): void {
  if (reasonCode === undefined || REFUSALS.includes(reasonCode)) return;
  const allowed = REFUSALS.map((code) => `0x${code.toString(16)} (${describeReasonCode(code)})`);
  throw new InvalidOptionsError([
    {
      option: 'reasonCode of a reject',
      problem: `a message cannot be rejected with ${reasonCode}`,
      remedy: `Use one of ${allowed.join(', ')}`,
    },
  ]);
}
