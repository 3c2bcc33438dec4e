import type { ServerResponse } from 'node:http';
import { ForbiddenException } from '@nestjs/common';
import { PAGE_SCRIPT_HASH, PAGE_STYLE_HASH } from '../page-bundle.js';

/** A page of another site cannot send this header without a CORS preflight, which fails. */
export const CSRF_HEADER = 'x-mqtt-inspector';

export const POLICY = [
  "default-src 'none'",
  `script-src '${PAGE_SCRIPT_HASH}'`,
  `style-src '${PAGE_STYLE_HASH}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The part of a request that Express and Fastify share. */
export interface Request {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly ip?: string;
}

/** Fastify's reply wraps Node's response; Express' response is Node's response. */
export interface Response {
  readonly raw?: ServerResponse;
  hijack?(): void;
}

export const SAFE_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

export function eventStream(response: Response): ServerResponse {
  response.hijack?.();
  const raw = response.raw ?? (response as unknown as ServerResponse);
  raw.writeHead(200, {
    ...SAFE_HEADERS,
    'Content-Type': 'text/event-stream',
    Connection: 'close',
    'X-Accel-Buffering': 'no',
  });
  return raw;
}

/** @throws ForbiddenException when the request may come from a page of another site */
export function refuseForgery({ headers }: Request): void {
  if (headers[CSRF_HEADER] === undefined || !String(headers['content-type']).startsWith('application/json'))
    throw new ForbiddenException(`Send JSON, and the header ${CSRF_HEADER}.`);
}

export function addressOf({ ip = 'an unknown address' }: Request): string {
  return ip;
}
