import { InvalidOptionsError } from '../../errors/invalid-options.error.js';
import { InvalidTopicError } from '../../errors/invalid-topic.error.js';
import { PublishRefusedError } from '../../errors/publish-refused.error.js';
import type { OutgoingMessage, UserProperties } from '../../protocol/application-message.js';
import { describeReasonCode, ReasonCode } from '../../protocol/reason-code.js';
import {
  DISCOURAGED_REMEDY,
  discouragedProblem,
  type DiscouragedCharacters,
} from '../../options/discouraged-characters.js';
import { utf8StringProblem } from '../../protocol/utf8-string.js';
import type { BrokerLimits } from '../connection/broker-limits.js';
import { reasonOfHangUp, type Loss } from '../connection/loss.js';
import { sizeOfPublish } from './publish-encoder.js';

/**
 * Payloads of this length and above are measured, because a packet has at most 268,435,455 bytes (section 2.1.4). A UTF-16 code unit takes
 * at most three bytes.
 */
const LARGE_PAYLOAD = 50_000_000;

/** The error for a message that exceeds an announced limit of the broker: some brokers would close the connection. */
export function limitRefusal(
  message: OutgoingMessage,
  limits: BrokerLimits,
  protocolVersion: 4 | 5,
): PublishRefusedError | undefined {
  const reasonCode = exceededLimit(message, limits, protocolVersion);
  return reasonCode === undefined ? undefined : refusalByCode(message.topic, reasonCode);
}

/** The error for a message refused with this reason code, by the broker or on its behalf. */
export function refusalByCode(topic: string, reasonCode: number): PublishRefusedError {
  return new PublishRefusedError(topic, reasonCode, describeReasonCode(reasonCode));
}

/** The error for a message because of which the broker has closed the connection twice: it is not sent again. */
export function refusalByHangUp(topic: string, loss: Loss): PublishRefusedError {
  return new PublishRefusedError(topic, loss.reasonCode ?? ReasonCode.UNSPECIFIED_ERROR, reasonOfHangUp(loss));
}

/** The error for a message with invalid or refused strings [MQTT-1.5.4-1, MQTT-1.5.4-2]. */
export function textRefusal(
  { topic, properties }: OutgoingMessage,
  discouraged: DiscouragedCharacters,
): InvalidTopicError | InvalidOptionsError | undefined {
  const problemOf = (text: string): string | undefined =>
    utf8StringProblem(text) ?? discouragedProblem(text, discouraged);
  const problem = problemOf(topic);
  if (problem) return new InvalidTopicError(topic, problem);
  if (!properties) return undefined;
  const { contentType, responseTopic, userProperties } = properties;
  if (contentType !== undefined && contentType !== JSON_TYPE) {
    const found = problemOf(contentType);
    if (found) return invalid(topic, 'contentType', found);
  }
  if (responseTopic !== undefined) {
    const found = problemOf(responseTopic);
    if (found) return invalid(topic, 'responseTopic', found);
  }
  return userProperties && userPropertyRefusal(topic, userProperties, problemOf);
}

/** Size of the packet in bytes (section 3.1.2.11.4); Infinity when it is too large for a packet. */
export function sizeOf(message: OutgoingMessage, protocolVersion: 4 | 5): number {
  try {
    return sizeOfPublish(message, protocolVersion).total;
  } catch {
    return Infinity;
  }
}

/** The Content Type of most messages: it is not checked each time. */
const JSON_TYPE = 'application/json';

function exceededLimit(message: OutgoingMessage, limits: BrokerLimits, protocolVersion: 4 | 5): ReasonCode | undefined {
  if (message.qos > limits.maximumQoS) return ReasonCode.QOS_NOT_SUPPORTED;
  if (message.retain && !limits.retainAvailable) return ReasonCode.RETAIN_NOT_SUPPORTED;
  const { maximumPacketSize } = limits;
  if (maximumPacketSize === Infinity && message.payload.length < LARGE_PAYLOAD) return undefined;
  const size = sizeOf(message, protocolVersion);
  return size > maximumPacketSize || size === Infinity ? ReasonCode.PACKET_TOO_LARGE : undefined;
}

function userPropertyRefusal(
  topic: string,
  userProperties: UserProperties,
  problemOf: (text: string) => string | undefined,
): InvalidOptionsError | undefined {
  for (const name of Object.keys(userProperties)) {
    const value: unknown = userProperties[name];
    for (const text of [name, ...(Array.isArray(value) ? (value as unknown[]) : [value])]) {
      const found = typeof text === 'string' ? problemOf(text) : `it contains a ${typeof text}`;
      if (found) return invalid(topic, `userProperties[${JSON.stringify(name)}]`, found);
    }
  }
  return undefined;
}

function invalid(topic: string, option: string, problem: string): InvalidOptionsError {
  return new InvalidOptionsError([
    { option: `${option} of the message to "${topic}"`, problem, remedy: DISCOURAGED_REMEDY },
  ]);
}
