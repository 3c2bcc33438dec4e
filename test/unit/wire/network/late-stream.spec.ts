import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { LateStream } from '../../../../lib/wire/network/late-stream.js';

describe('LateStream', () => {
  it('holds what is written, and its end, until there is a connection', async () => {
    const [stream, carrier] = [new LateStream(), new PassThrough()];
    stream.write('a');
    stream.write('b');
    stream.end('c');
    expect(stream.writableFinished).toBe(false);
    stream.open(carrier);
    const chunks: unknown[] = [];
    for await (const chunk of carrier) chunks.push(String(chunk));
    expect(chunks).toEqual(['a', 'bc']);
    expect(stream.destroyed).toBe(true);
  });

  it('takes its connection with it', () => {
    const [stream, carrier] = [new LateStream(), new PassThrough()];
    stream.open(carrier);
    stream.destroy();
    expect(carrier.destroyed).toBe(true);
  });

  it('does away with a connection that comes after it is gone', () => {
    const [stream, carrier] = [new LateStream(), new PassThrough()];
    stream.destroy();
    stream.open(carrier);
    expect(carrier.destroyed).toBe(true);
  });

  it('ends with what ends its connection', async () => {
    const [stream, carrier] = [new LateStream(), new PassThrough()];
    stream.open(carrier);
    const failure = new Error('the cable is cut');
    const failed = once(stream, 'error');
    carrier.destroy(failure);
    expect(await failed).toEqual([failure]);
  });

  it('is still paused when the connection is there', () => {
    const [stream, carrier] = [new LateStream(), new PassThrough()];
    stream.pause();
    stream.open(carrier);
    expect(carrier.isPaused()).toBe(true);
    stream.resume();
    expect(carrier.isPaused()).toBe(false);
  });
});
