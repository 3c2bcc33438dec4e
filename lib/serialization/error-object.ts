import { HttpException } from '@nestjs/common';
import type { ErrorCode } from './wire-contract.js';

/** What Nest answers when an exception is not the caller's business. */
const MASKED_MESSAGE = 'Internal server error';

/** The error object that Nest puts into a reply, for failures that this transport finds itself. */
export interface NestError {
  status: 'error';
  message: string;
}

export function nestError(message: string): NestError {
  return { status: 'error', message };
}

/** What callers get for an exception that is not their business. */
export function maskedError(): NestError {
  return nestError(MASKED_MESSAGE);
}

/** Whether it is what callers get for an exception that is not their business. */
export function isMasked(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  try {
    const { status, message } = error as Partial<NestError>;
    return status === 'error' && message === MASKED_MESSAGE;
  } catch {
    return false; // its getters throw
  }
}

/**
 * What the caller of a request is told of an `HttpException` below 500, which Nest masks although its HTTP side would tell it: the
 * mistake is the caller's. Undefined for any other error.
 */
export function toldOfMistake(thrown: unknown): object | undefined {
  if (!(thrown instanceof HttpException) || thrown.getStatus() >= 500) return undefined;
  const response = thrown.getResponse();
  return typeof response === 'string' ? nestError(response) : { status: 'error', ...response };
}

export function errorCodeOf(error: unknown): ErrorCode {
  return isMasked(error) ? 'internal' : 'rpc';
}

/** An `Error` has nothing that JSON would show: its message and name are given to it. Everything else goes as it is. */
export function errorToJson(error: unknown): string {
  const visible =
    error instanceof Error ? Object.assign({}, error, { name: error.name, message: error.message }) : error;
  return JSON.stringify(visible) ?? JSON.stringify(String(visible));
}
