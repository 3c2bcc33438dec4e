import type { UserProperties } from '../protocol/application-message.js';

/**
 * The names that this transport adds to messages on 5.0. Other languages implement them, so they change only with a version.
 *
 * | User Property | on | meaning |
 * |---|---|---|
 * | none | reply | success, the one and only value |
 * | `nest-error: <code>` | reply | failure; the payload is the error object as JSON |
 * | `nest-stream: <n>` | reply | value n (from 0) of a stream, more to come |
 * | `nest-stream: <n>;last` | reply | value n, and complete |
 * | `nest-stream: <n>;end` | reply | complete after n values, empty payload |
 * | `nest-control: <topic>` | first reply of a stream | where the responder listens for `nest-cancel` |
 * | `nest-responder: <name>` | replies of a stream | whose stream it is, where several answer one request |
 * | `nest-cancel: 1` | PUBLISH to the control topic | the caller has unsubscribed |
 */
export const NestProperty = {
  error: 'nest-error',
  stream: 'nest-stream',
  control: 'nest-control',
  responder: 'nest-responder',
  cancel: 'nest-cancel',
} as const;

/** Kinds of failure that `nest-error` names. Others may come from newer peers. */
export type ErrorCode = 'rpc' | 'internal' | 'bad-request' | 'timeout' | 'cancelled';

/** Where a reply stands in a stream: its number, and whether the stream ends with it or before it. */
export interface StreamPosition {
  readonly index: number;
  readonly end: 'more' | 'last' | 'end';
}

export function formatStreamPosition({ index, end }: StreamPosition): string {
  return end === 'more' ? `${index}` : `${index};${end}`;
}

/** @returns undefined when `text` is no position */
export function parseStreamPosition(text: string): StreamPosition | undefined {
  const semicolon = text.indexOf(';');
  const digits = semicolon < 0 ? text : text.slice(0, semicolon);
  const end = semicolon < 0 ? 'more' : text.slice(semicolon + 1);
  const index = Number(digits);
  if (!Number.isSafeInteger(index) || index < 0 || (end !== 'more' && end !== 'last' && end !== 'end'))
    return undefined;
  const position: StreamPosition = { index, end };
  return formatStreamPosition(position) === text ? position : undefined; // there is one way to write each
}

/** The single value of a property of the contract; its first one, should there be several. */
export function nestProperty(properties: UserProperties | undefined, name: string): string | undefined {
  const value = properties?.[name];
  return Array.isArray(value) ? value[0] : value;
}
