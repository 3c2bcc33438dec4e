import { expect } from '@jest/globals';
import { FrameReader, type Frame } from '../../../../../lib/wire/inbound/frame-reader.js';

const GARBAGE = 0xee;

/** A packet in the middle of other bytes, as a read buffer holds it. */
export function frameOf(packet: readonly number[] | Buffer, owned = false): Frame {
  const before = owned ? 0 : 3;
  const bytes = Buffer.alloc(before + packet.length + (owned ? 0 : 5), GARBAGE);
  bytes.set(packet, before);
  let body = before + 1;
  while (bytes[body]! >= 0x80) body++;
  return { bytes, start: before, body: body + 1, end: before + packet.length, owned };
}

/** A packet with that first byte and that body, with its Remaining Length. */
export function packetOf(header: number, body: readonly number[]): number[] {
  return body.length < 0x80
    ? [header, body.length, ...body]
    : [header, (body.length & 0x7f) | 0x80, body.length >> 7, ...body];
}

/** A UTF-8 Encoded String, or Binary Data. */
export function text(value: string | readonly number[]): number[] {
  const bytes = typeof value === 'string' ? [...Buffer.from(value)] : value;
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

/** Feeds bytes to a reader in pieces of these lengths, again and again, and overwrites each piece as soon as it was taken. */
export function pushInPieces(reader: FrameReader, bytes: Buffer, lengths: readonly number[]): void {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const piece = Buffer.from(bytes.subarray(at, at + lengths[i % lengths.length]!));
    at += piece.length;
    try {
      reader.push(piece);
    } finally {
      piece.fill(GARBAGE);
    }
  }
}

/** A ProtocolViolation with that reason code. */
export function violation(reasonCode: number, message = /./): unknown {
  return expect.objectContaining({
    name: 'ProtocolViolation',
    reasonCode,
    message: expect.stringMatching(message),
  });
}
