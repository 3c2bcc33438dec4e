import { isUtf8 } from 'node:buffer';
import type { MessageProperties, QoS } from './application-message.js';
import type { DeadLetter } from './dead-letter.js';

/** Of the format; a reader refuses another one. */
const VERSION = 1;

/** A dead letter as JSON has it. */
interface LetterJson extends Omit<DeadLetter, 'time' | 'payload' | 'properties'> {
  /** By which the format is known, and its version. */
  readonly nestDeadLetter: number;
  /** ISO 8601. */
  readonly time: string;
  /** Where it is UTF-8. */
  readonly payload?: string;
  /** Where it is not. */
  readonly payloadBase64?: string;
  readonly properties?: Omit<MessageProperties, 'correlationData'> & { readonly correlationData?: string };
}

/** How the JSON of a dead letter begins. */
const BEGINNING = /^\{"nestDeadLetter":\d+,"time":"[^"]*"/;

/**
 * The JSON of a dead letter without its time, which is all that differs when its message is delivered again. Any other text stays as it
 * is.
 */
export function withoutLetterTime(text: string): string {
  return text.replace(BEGINNING, '');
}

/** Writes a dead letter as JSON: for stores that keep text, and for MQTT 3.1.1, which has no properties. */
export function writeDeadLetter({ time, payload, properties, ...letter }: DeadLetter): string {
  const { correlationData, ...others } = properties ?? {};
  const json: LetterJson = {
    nestDeadLetter: VERSION,
    time: new Date(time).toISOString(),
    ...letter,
    ...(isUtf8(payload) ? { payload: payload.toString() } : { payloadBase64: payload.toString('base64') }),
    ...(properties && {
      properties: { ...others, ...(correlationData && { correlationData: correlationData.toString('base64') }) },
    }),
  };
  return JSON.stringify(json);
}

/** Reads what {@link writeDeadLetter} has written. @throws SyntaxError, TypeError when it is something else */
export function readDeadLetterJson(text: string): DeadLetter {
  const json = Object(JSON.parse(text)) as Partial<LetterJson>;
  const { nestDeadLetter, time, payload, payloadBase64, properties, ...letter } = json;
  const { pattern, topic, reason, attempts, qos, group, handler, error, replays = 0 } = letter;
  const milliseconds = Date.parse(String(time));
  const isLetter =
    nestDeadLetter === VERSION &&
    !Number.isNaN(milliseconds) &&
    [pattern, topic, reason, payload ?? payloadBase64].every((value) => typeof value === 'string') &&
    [attempts, replays].every((value) => Number.isSafeInteger(value)) &&
    [0, 1, 2].includes(qos as number);
  if (!isLetter) throw new TypeError('It is no dead letter.');
  return {
    time: milliseconds,
    pattern: pattern!,
    group: textOrNone(group),
    handler: textOrNone(handler),
    attempts: attempts!,
    reason: reason!,
    error: textOrNone(error),
    replays,
    topic: topic!,
    payload: payload === undefined ? Buffer.from(payloadBase64!, 'base64') : Buffer.from(payload),
    qos: qos as QoS,
    properties: propertiesOf(properties),
  };
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function propertiesOf(given: LetterJson['properties']): MessageProperties | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { correlationData, ...others } = given;
  return typeof correlationData === 'string'
    ? { ...others, correlationData: Buffer.from(correlationData, 'base64') }
    : others;
}
