import { excerpt } from './excerpt.js';
import { MASK, maskedText } from './masked-text.js';

/** How payloads are previewed. */
export interface PreviewOptions {
  /** Names of fields whose values are hidden. */
  readonly mask: RegExp;
  readonly maxCharacters: number;
}

/** Larger payloads are not parsed for a preview. */
const MAX_PARSED = 65_536;
const HEX_BYTES = 64;

/** A preview of a payload: JSON or text with values masked, or the first bytes in hex. Plain text, never markup. */
export function previewOf(payload: Uint8Array, options: PreviewOptions): string {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (bytes.length === 0) return '(empty)';
  const text = textOf(bytes.subarray(0, MAX_PARSED), bytes.length > MAX_PARSED);
  if (text === undefined)
    return `${bytes
      .subarray(0, HEX_BYTES)
      .toString('hex')
      .replaceAll(/(..)(?=.)/g, '$1 ')}${bytes.length > HEX_BYTES ? ' …' : ''}`;
  return excerpt(masked(text, bytes.length, options), options.maxCharacters);
}

/** A preview of a decoded value, such as a reply. */
export function previewOfValue(value: unknown, { mask, maxCharacters }: PreviewOptions): string {
  return excerpt(JSON.stringify(value, maskWith(mask), 2) ?? 'undefined', maxCharacters);
}

export function previewOfProperty(name: string, value: string, { mask, maxCharacters }: PreviewOptions): string {
  return mask.test(name) ? MASK : excerpt(value, maxCharacters);
}

function masked(text: string, size: number, options: PreviewOptions): string {
  if (size <= MAX_PARSED) {
    try {
      return previewOfValue(JSON.parse(text) as unknown, options);
    } catch {
      // not JSON
    }
  }
  return maskedText(text.slice(0, options.maxCharacters * 4), options.mask);
}

function maskWith(mask: RegExp): (key: string, value: unknown) => unknown {
  return (key, value) => (mask.test(key) ? MASK : value);
}

/** @param isCut whether the bytes may end within a character because the payload was cut */
function textOf(bytes: Buffer, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
    return hasControls(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function hasControls(text: string): boolean {
  for (let i = 0; i < Math.min(text.length, 1_024); i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return true;
  }
  return false;
}
