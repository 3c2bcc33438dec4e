import { HttpException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { textOfThrown } from './describe-thrown.js';
import { MqttTransportError } from './mqtt-transport.error.js';

/** Why a handler failed, for logs and dead letters. */
export interface FailureReason {
  /** Of the error's class; undefined where no error was thrown. */
  readonly name?: string;
  readonly message: string;
}

/** Longest description of an object that was thrown. */
const LONGEST_OBJECT = 1_024;

/** Reads off what was thrown, whatever that is, why its handler failed. */
export function reasonOf(thrown: unknown): FailureReason {
  try {
    const message = textOfFailure(thrown) ?? 'the handler failed';
    const name = thrown instanceof Error ? nameOf(thrown) : undefined;
    return name === undefined ? { message } : { name, message };
  } catch {
    return { message: 'an error that cannot be shown' };
  }
}

/** An error class that gives its errors no name of their own has one itself. */
function nameOf({ name, constructor }: Error): string | undefined {
  const known = name === 'Error' ? constructor.name : name;
  return typeof known === 'string' && known !== '' ? known : undefined;
}

/** In one line, without a full stop: a sentence goes on behind it. A name that is no more than "Error" says nothing. */
export function describeReason({ name, message }: FailureReason): string {
  const line = message.replaceAll(/\s*[\r\n]+\s*/g, ' ').replace(/\.$/, '');
  return name === undefined || name === 'Error' ? line : `${name}: ${line}`;
}

/** The stack of an error that nobody has thrown on purpose. */
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

/** Why it failed, in words; undefined where what was thrown says nothing. */
export function textOfFailure(thrown: unknown): string | undefined {
  if (thrown instanceof HttpException) return textOfObject(thrown.getResponse()) ?? thrown.message;
  if (thrown instanceof RpcException) return textOfObject(thrown.getError()) ?? thrown.message;
  return textOfObject(thrown);
}

/** `ValidationPipe` gives a list of messages; an `RpcException` may carry any object. */
function textOfObject(value: unknown): string | undefined {
  const text = textOfThrown(value);
  if (text !== undefined || typeof value !== 'object' || value === null) return text;
  const { message } = value as { message?: unknown };
  if (Array.isArray(message)) return message.map(String).join('; ');
  return JSON.stringify(value)?.slice(0, LONGEST_OBJECT);
}
