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

/** Whether Nest has masked an unknown exception, and has logged it. */
export function isMasked(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  try {
    const { status, message } = error as Partial<NestError>;
    return status === 'error' && message === MASKED_MESSAGE;
  } catch {
    return false; // its getters throw
  }
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
