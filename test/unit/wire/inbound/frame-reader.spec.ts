import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FrameReader, type Frame } from '../../../../lib/wire/inbound/frame-reader.js';
import { packetOf, pushInPieces, violation } from './support/frames.js';

interface Seen {
  readonly bytes: string;
  readonly body: string;
  readonly owned: boolean;
}

function seen({ bytes, start, body, end, owned }: Frame): Seen {
  return { bytes: bytes.toString('hex', start, end), body: bytes.toString('hex', body, end), owned };
}

function collect(maximumPacketSize?: number): { reader: FrameReader; frames: Seen[] } {
  const frames: Seen[] = [];
  return { reader: new FrameReader((frame) => frames.push(seen(frame)), maximumPacketSize), frames };
}

const PINGRESP = Buffer.from([0xd0, 0]);
const sizes = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 1, arbitrary: fc.constantFrom(16_383, 16_384, 70_000) },
);
const packets = fc
  .tuple(fc.integer({ min: 0, max: 255 }), sizes)
  .map(([header, size]) => Buffer.concat([Buffer.from([header]), remainingLength(size), Buffer.alloc(size, header)]));

function remainingLength(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    rest >>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

describe('FrameReader', () => {
  it('finds the same packets however their bytes are cut', () => {
    const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5_000 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(packets, { maxLength: 12 }), cuts, (list, lengths) => {
        const { reader, frames } = collect();
        pushInPieces(reader, Buffer.concat(list), lengths);
        expect(frames.map(({ bytes }) => bytes)).toEqual(list.map((packet) => packet.toString('hex')));
      }),
    );
  });

  it('finds them at every single cut', () => {
    const bytes = Buffer.concat([
      PINGRESP,
      Buffer.from(
        packetOf(
          0x30,
          Array.from({ length: 200 }, () => 5),
        ),
      ),
      PINGRESP,
    ]);
    const whole = collect();
    whole.reader.push(bytes);
    for (let cut = 1; cut < bytes.length; cut++) {
      const { reader, frames } = collect();
      pushInPieces(reader, bytes, [cut, bytes.length]);
      expect(frames.map(({ body }) => body)).toEqual(whole.frames.map(({ body }) => body));
    }
  });

  it('hands out complete packets where they are, and others in bytes of their own', () => {
    const chunk = Buffer.concat([PINGRESP, Buffer.from([0x30, 3, 1])]);
    const places: Buffer[] = [];
    const frames: Seen[] = [];
    const reader = new FrameReader((frame) => {
      places.push(frame.bytes);
      frames.push(seen(frame));
    });
    reader.push(chunk);
    reader.push(Buffer.from([2, 3]));
    expect(frames).toEqual([
      { bytes: 'd000', body: '', owned: false },
      { bytes: '3003010203', body: '010203', owned: true },
    ]);
    expect(places[0]).toBe(chunk);
    expect(places[1]).toHaveLength(5);
  });

  it('gives each assembled packet bytes that stay as they are', () => {
    const kept: Buffer[] = [];
    const reader = new FrameReader(({ bytes, body, end, owned }) => {
      if (owned) kept.push(bytes.subarray(body, end));
    });
    pushInPieces(reader, Buffer.from([...packetOf(0x30, [1, 2, 3]), ...packetOf(0x30, [4, 5, 6])]), [1]);
    expect(kept.map((bytes) => [...bytes])).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('keeps no chunk', () => {
    let frame: Frame | undefined;
    new FrameReader((one) => (frame = one)).push(PINGRESP);
    expect(frame!.bytes).toHaveLength(0);
  });

  it('1.5.5 accepts a Remaining Length that is longer than necessary', () => {
    const { reader, frames } = collect();
    reader.push(Buffer.from([0x30, 0x81, 0x80, 0x00, 7]));
    expect(frames).toEqual([{ bytes: '3081800007', body: '07', owned: false }]);
  });

  it.each([[1], [9]])('1.5.5 refuses a Remaining Length of five bytes, in pieces of %i', (length) => {
    const { reader, frames } = collect();
    const bytes = Buffer.from([0xd0, 0, 0x30, 0xff, 0xff, 0xff, 0xff, 0x01, 0]);
    expect(() => pushInPieces(reader, bytes, [length])).toThrow(violation(0x81, /1\.5\.5/));
    expect(frames).toHaveLength(1);
  });

  it.each([[1], [9]])('[MQTT-3.1.2-24] refuses a packet above the maximum by its header, in pieces of %i', (length) => {
    const { reader, frames } = collect(10);
    const fits = packetOf(0x30, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(() => pushInPieces(reader, Buffer.from([...fits, 0x30, 9]), [length])).toThrow(
      violation(0x95, /11 bytes.*10.*MQTT-3\.1\.2-24/),
    );
    expect(frames).toHaveLength(1);
  });

  it('[MQTT-3.1.2-24] refuses a packet above the maximum that is there as a whole', () => {
    const { reader, frames } = collect(10);
    const tooLarge = Buffer.from(packetOf(0x30, [1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(() => reader.push(tooLarge)).toThrow(violation(0x95));
    expect(frames).toHaveLength(0);
  });

  it('allocates no more than what has come calls for', () => {
    const reader = new FrameReader(() => {});
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });

  it('moves the bytes of a large packet a few times at the most', () => {
    const size = 8_000_000;
    const { reader, frames } = collect();
    const copied = countCopiedBytes(() => {
      reader.push(Buffer.concat([Buffer.from([0x30]), remainingLength(size)]));
      for (let left = size; left > 0; left -= 1_000) reader.push(Buffer.alloc(Math.min(left, 1_000), 9));
    });
    expect(frames).toHaveLength(1);
    expect(frames[0]!.body).toBe('09'.repeat(size));
    expect(copied).toBeLessThan(3 * size);
  });

  it('stops when told to, also within a chunk', () => {
    const frames: Seen[] = [];
    const reader = new FrameReader((frame) => {
      frames.push(seen(frame));
      reader.stop();
    });
    reader.push(Buffer.concat([PINGRESP, PINGRESP]));
    reader.push(PINGRESP);
    expect(frames).toHaveLength(1);
  });

  it('stops in the middle of a packet', () => {
    const { reader, frames } = collect();
    reader.push(Buffer.from([0x30, 3, 1]));
    reader.stop();
    reader.push(Buffer.from([2, 3]));
    expect(frames).toHaveLength(0);
  });

  it('passes on what onFrame throws, and reads nothing after it', () => {
    let calls = 0;
    const reader = new FrameReader(() => {
      calls++;
      throw new RangeError('broken');
    });
    expect(() => reader.push(Buffer.concat([PINGRESP, PINGRESP]))).toThrow(new RangeError('broken'));
    reader.push(PINGRESP);
    expect(calls).toBe(1);
  });

  it('refuses to be called from within onFrame', () => {
    const reader = new FrameReader(() => reader.push(PINGRESP));
    expect(() => reader.push(PINGRESP)).toThrow(/must not be called from within onFrame/);
  });
});

function countCopiedBytes(during: () => void): number {
  const prototype = Buffer.prototype as Buffer;
  const { copy } = prototype;
  let copied = 0;
  prototype.copy = function (this: Buffer, ...args: Parameters<Buffer['copy']>): number {
    const bytes = copy.apply(this, args);
    copied += bytes;
    return bytes;
  };
  try {
    during();
  } finally {
    prototype.copy = copy;
  }
  return copied;
}
