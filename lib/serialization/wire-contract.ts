import type { UserProperties } from '../protocol/application-message.js';

/**
 * The User Properties that this transport adds to messages on 5.0. Implementations in other languages rely on them.
 *
 * | User Property | on | meaning |
 * |---|---|---|
 * | none | reply | success, the only value |
 * | `nest-error: <code>` | reply | failure; the payload is the error object as JSON |
 * | `nest-stream: <n>` | reply | value n (from 0) of a stream, not the last |
 * | `nest-stream: <n>;last` | reply | value n, the last of the stream |
 * | `nest-stream: <n>;end` | reply | end of the stream after n values, empty payload |
 * | `nest-control: <topic>` | first reply of a stream | topic on which the responder accepts `nest-cancel` |
 * | `nest-responder: <name>` | replies of a stream | identifies the stream when several responders answer one request |
 * | `nest-cancel: 1` | PUBLISH to the control topic | the caller has unsubscribed |
 */
export const NestProperty = {
  error: 'nest-error',
  stream: 'nest-stream',
  control: 'nest-control',
  responder: 'nest-responder',
  cancel: 'nest-cancel',
} as const;

/** Values of `nest-error`. Newer peers may send others. */
export type ErrorCode = 'rpc' | 'internal' | 'bad-request' | 'timeout' | 'cancelled';

/** Position of a reply in a stream: its index, and whether the stream ends with it (`last`) or before it (`end`). */
export interface StreamPosition {
  readonly index: number;
  readonly end: 'more' | 'last' | 'end';
}

export function formatStreamPosition({ index, end }: StreamPosition): string {
  return end === 'more' ? `${index}` : `${index};${end}`;
}

/** @returns undefined when `text` is not a position */
export function parseStreamPosition(text: string): StreamPosition | undefined {
  const semicolon = text.indexOf(';');
  const digits = semicolon < 0 ? text : text.slice(0, semicolon);
  const end = semicolon < 0 ? 'more' : text.slice(semicolon + 1);
  const index = Number(digits);
  if (!Number.isSafeInteger(index) || index < 0 || (end !== 'more' && end !== 'last' && end !== 'end'))
    return undefined;
  const position: StreamPosition = { index, end };
  return formatStreamPosition(position) === text ? position : undefined; // only the canonical form is valid
}

/** The value of a property of the contract; the first one if it is repeated. */
export function nestProperty(properties: UserProperties | undefined, name: string): string | undefined {
  const value = properties?.[name];
  return Array.isArray(value) ? value[0] : value;
}
