import { describe, expect, it } from '@jest/globals';
import { TaskQueue } from '../../../../lib/testing/network/task-queue.js';

describe('TaskQueue', () => {
  it('runs at once what it can, and the rest in order', async () => {
    const ran: string[] = [];
    const queue = new TaskQueue(() => {});
    queue.push(() => void ran.push('sync'));
    expect(ran).toEqual(['sync']);
    queue.push(async () => {
      await Promise.resolve();
      ran.push('async');
    });
    const done = new Promise<void>((resolve) => {
      queue.push(() => void ran.push('after'));
      queue.push(resolve);
    });
    expect(ran).toEqual(['sync']);
    await done;
    expect(ran).toEqual(['sync', 'async', 'after']);
  });

  it('a task pushed by a task waits for it', () => {
    const ran: string[] = [];
    const queue = new TaskQueue(() => {});
    queue.push(() => {
      queue.push(() => void ran.push('inner'));
      ran.push('outer');
    });
    expect(ran).toEqual(['outer', 'inner']);
  });

  it('reports what tasks throw and reject with, and goes on', async () => {
    const errors: string[] = [];
    const queue = new TaskQueue((error) => void errors.push((error as Error).message));
    queue.push(() => {
      throw new Error('thrown');
    });
    queue.push(async () => Promise.reject(new Error('rejected')));
    await new Promise<void>((resolve) => queue.push(resolve));
    expect(errors).toEqual(['thrown', 'rejected']);
  });

  it('stopped, begins nothing more', async () => {
    const ran: string[] = [];
    const queue = new TaskQueue(() => {});
    const running = new Promise<void>((resolve) => setImmediate(resolve));
    queue.push(async () => running);
    queue.push(() => void ran.push('waiting'));
    queue.stop();
    queue.push(() => void ran.push('late'));
    await running;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual([]);
  });
});
