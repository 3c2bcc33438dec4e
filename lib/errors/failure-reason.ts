import { HttpException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { textOfThrown } from './describe-thrown.js';
import { MqttTransportError } from './mqtt-transport.error.js';

/** Why a handler failed, for logs and dead letters. */
export interface FailureReason {
  /** Name of the error or of its class; undefined when the thrown value is not an error. */
  readonly name?: string;
  readonly message: string;
}

/** Maximum length of a reason that is read from a thrown object or a reply, in characters. */
export const MAX_REASON_LENGTH = 1_024;

/** The reason of a failure, read from any thrown value. Never throws. */
export function reasonOf(thrown: unknown): FailureReason {
  try {
    const text = typeof thrown === 'string' ? undefined : textOfFailure(thrown);
    const message = text || withoutText(thrown);
    const name = thrown instanceof Error ? nameOf(thrown) : undefined;
    return name === undefined ? { message } : { name, message };
  } catch {
    return { message: 'an error that cannot be shown' };
  }
}

/** The `name` of the error; the name of its class when it inherits the name "Error". */
function nameOf({ name, constructor }: Error): string | undefined {
  const known = name === 'Error' ? constructor.name : name;
  return typeof known === 'string' && known !== '' ? known : undefined;
}

/** The reason in one line, to be put into a sentence: without a full stop, and without the name when that is only "Error". */
export function describeReason({ name, message }: FailureReason): string {
  const line = message.replaceAll(/\s*[\r\n]+\s*/g, ' ').replace(/\.$/, '');
  return name === undefined || name === 'Error' ? line : `${name}: ${line}`;
}

/** The stack of an unexpected error; undefined for exceptions that are thrown on purpose. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    if (
      !(thrown instanceof Error) ||
      [HttpException, RpcException, MqttTransportError].some((expected) => thrown instanceof expected)
    )
      return undefined;
    return typeof thrown.stack === 'string' ? thrown.stack : undefined;
  } catch {
    return undefined;
  }
}

/** The message of a thrown value; undefined when it has none. */
export function textOfFailure(thrown: unknown): string | undefined {
  if (thrown instanceof HttpException) return textOfObject(thrown.getResponse()) ?? thrown.message;
  if (thrown instanceof RpcException) return textOfObject(thrown.getError()) ?? thrown.message;
  return textOfObject(thrown);
}

/** The reason in an error object that callers get. Undefined when it has none. Never throws. */
export function textOfErrorObject(data: unknown): string | undefined {
  try {
    return textOfObject(data);
  } catch {
    return undefined; // nested more deeply than the stack allows
  }
}

/** `ValidationPipe` throws a list of messages; an `RpcException` may carry any object. */
function textOfObject(value: unknown): string | undefined {
  const text = textOfThrown(value);
  if (text !== undefined || typeof value !== 'object' || value === null) return text;
  const { message } = value as { message?: unknown };
  const list = Array.isArray(value) ? value : message;
  const described = Array.isArray(list) && list.length > 0 ? list.map(textOfItem).join('; ') : JSON.stringify(value);
  return described?.slice(0, MAX_REASON_LENGTH);
}

/** An `exceptionFactory` may put the errors of class-validator into the list. They hold the payload, so only their messages are used. */
function textOfItem(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const { constraints, children } = item as { constraints?: unknown; children?: unknown };
  const own = typeof constraints === 'object' && constraints !== null ? Object.values(constraints).map(String) : [];
  const nested = Array.isArray(children) ? children.map(textOfItem) : [];
  return [...own, ...nested].join('; ') || (textOfThrown(item) ?? JSON.stringify(item));
}

/** JavaScript can throw any value, a text too, and reject with none. */
function withoutText(thrown: unknown): string {
  if (thrown instanceof Error) return 'an error without a message';
  if (typeof thrown === 'function') return 'the handler threw a function';
  if (typeof thrown === 'string')
    return `the handler threw ${thrown === '' ? 'an empty text' : `the text "${thrown}"`}`;
  return `the handler threw ${String(thrown)}`;
}
