import { HttpException } from '@nestjs/common';
import type { ErrorCode } from './wire-contract.js';

/** Message of Nest for unknown exceptions, whose own message is not sent to callers. */
const MASKED_MESSAGE = 'Internal server error';

/** Nest's error object in a reply, also used for failures that the transport detects. */
export interface NestError {
  status: 'error';
  message: string;
}

export function nestError(message: string): NestError {
  return { status: 'error', message };
}

/** The error that callers get for an unknown exception. */
export function maskedError(): NestError {
  return nestError(MASKED_MESSAGE);
}

/** Whether this is the error that callers get for an unknown exception. */
export function isMasked(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  try {
    const { status, message } = error as Partial<NestError>;
    return status === 'error' && message === MASKED_MESSAGE;
  } catch {
    return false; // a getter threw
  }
}

/**
 * The error sent to the caller for an `HttpException` below 500. Nest's microservices mask it, its HTTP side does not: it describes a
 * mistake of the caller. Undefined for any other error.
 */
export function clientErrorOf(thrown: unknown): object | undefined {
  if (!(thrown instanceof HttpException) || thrown.getStatus() >= 500) return undefined;
  const response = thrown.getResponse();
  return typeof response === 'string' ? nestError(response) : { status: 'error', ...response };
}

export function errorCodeOf(error: unknown): ErrorCode {
  return isMasked(error) ? 'internal' : 'rpc';
}

/** The error as JSON. An `Error` has no enumerable properties: its name and message are added. */
export function errorToJson(error: unknown): string {
  const visible =
    error instanceof Error ? Object.assign({}, error, { name: error.name, message: error.message }) : error;
  return JSON.stringify(visible) ?? JSON.stringify(String(visible));
}
