import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../errors/connection-refused.error.js';
import { PublishRefusedError } from '../errors/publish-refused.error.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import { describeReasonCode, ReasonCode } from '../protocol/reason-code.js';
import type { BrokerLimits } from './broker-limits.js';
import { sizeOfPublish } from './publish-encoder.js';

/** The reason code with which the broker would have to refuse a message, by the limits that it announced. */
export function exceededLimit(
  message: OutgoingMessage,
  limits: BrokerLimits,
  protocolVersion: 4 | 5,
): ReasonCode | undefined {
  if (message.qos > limits.maximumQoS) return ReasonCode.QOS_NOT_SUPPORTED;
  if (message.retain && !limits.retainAvailable) return ReasonCode.RETAIN_NOT_SUPPORTED;
  if (limits.maximumPacketSize === Infinity) return undefined;
  return sizeOf(message, protocolVersion) > limits.maximumPacketSize ? ReasonCode.PACKET_TOO_LARGE : undefined;
}

/** Bytes of the whole packet (section 3.1.2.11.4); Infinity when it is larger than any packet can be. */
export function sizeOf(message: OutgoingMessage, protocolVersion: 4 | 5): number {
  try {
    return sizeOfPublish(message, protocolVersion).total;
  } catch {
    return Infinity;
  }
}

/** Whether the broker ended a connection over the size of a packet. */
export function isTooLarge(error: Error | undefined): boolean {
  return error instanceof ConnectionRefusedError && error.reasonCode === ReasonCode.PACKET_TOO_LARGE;
}

/** What MQTT.js reports of a message that was not accepted: refused by the broker, or cut short. */
export function refusedPublish(topic: string, error: Error & { code?: unknown }): Error {
  if (typeof error.code !== 'number')
    return new ConnectionClosedError(`Publishing to "${topic}" was cut short: ${error.message}.`, true, {
      cause: error,
    });
  return new PublishRefusedError(topic, error.code, describeReasonCode(error.code));
}
