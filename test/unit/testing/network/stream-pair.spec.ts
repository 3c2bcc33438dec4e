import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { createStreamPair } from '../../../../lib/testing/network/stream-pair.js';

describe('createStreamPair', () => {
  it('carries bytes both ways, in order', async () => {
    const [left, right] = createStreamPair();
    for (const chunk of ['a', 'b', 'c']) left.write(chunk);
    right.write('back');
    left.end('d');
    expect(await text(right)).toBe('abcd');
    expect(String(left.read())).toBe('back');
  });

  it('never delivers in the turn of the event loop that it was written in', async () => {
    const [left, right] = createStreamPair();
    let arrived = false;
    right.on('data', () => (arrived = true));
    left.write('x');
    await Promise.resolve();
    expect(arrived).toBe(false);
    await once(right, 'data');
  });

  it('the end of one closes both', async () => {
    const [left, right] = createStreamPair();
    const closed = Promise.all([once(left, 'close'), once(right, 'close')]);
    left.resume();
    right.resume();
    left.end();
    await closed;
    expect([left.destroyed, right.destroyed]).toEqual([true, true]);
  });

  it('what was written before one is destroyed still arrives, as on a socket', async () => {
    const [left, right] = createStreamPair();
    left.write('last words');
    left.destroy();
    expect(await text(right)).toBe('last words');
  });

  it('writing to a peer that is gone harms nobody', async () => {
    const [left, right] = createStreamPair();
    const errors: unknown[] = [];
    left.on('error', (error) => errors.push(error));
    right.destroy();
    left.write('x');
    left.resume();
    await once(left, 'close');
    expect(errors).toEqual([]);
  });

  it('holds the writer back while nobody reads', async () => {
    const [left, right] = createStreamPair();
    const chunk = Buffer.alloc(left.writableHighWaterMark);
    let written = 0;
    const write = () => left.write(chunk, () => written++);
    for (let i = 0; i < 10; i++) write();
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThan(10);
    right.resume();
    await once(left, 'drain');
    left.end();
    await once(right, 'end');
    expect(written).toBe(10);
  });
});
