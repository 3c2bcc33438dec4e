import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, jest } from '@jest/globals';
import { EventStreams, frameOf } from '../../../../lib/inspector/http/event-streams.js';

/** A response whose reader can stop reading. */
class Reader extends EventEmitter {
  readonly frames: string[] = [];
  reads = true;
  destroyed = false;

  write(frame: string): boolean {
    this.frames.push(frame);
    return this.reads;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function viewer(streams: EventStreams): Reader {
  const reader = new Reader();
  streams.add(reader as unknown as ServerResponse, () => {});
  return reader;
}

describe('streams of events', () => {
  it('send every viewer every frame', () => {
    const streams = new EventStreams();
    const readers = [viewer(streams), viewer(streams)];
    streams.send('a');
    streams.send('b');
    expect(readers.map(({ frames }) => frames)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('send no further frame to a viewer until it reads, and disconnect it after 30 seconds', () => {
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate'] });
    try {
      const streams = new EventStreams();
      const reader = viewer(streams);
      reader.reads = false;
      for (const frame of ['1', '2', '3']) streams.send(frame);
      expect(reader.frames).toEqual(['1']);
      reader.emit('drain');
      streams.send('4');
      jest.setSystemTime(30_001);
      streams.send('5');
      expect(reader.frames).toEqual(['1', '4']);
      expect([reader.destroyed, streams.size]).toEqual([true, 0]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('remove a viewer that has disconnected, once', () => {
    const streams = new EventStreams();
    let left = 0;
    const reader = new Reader();
    const stream = streams.add(reader as unknown as ServerResponse, () => left++);
    reader.emit('error', new Error('reset'));
    reader.emit('close');
    expect(stream.send('a')).toBe(false);
    expect([left, streams.size, reader.frames]).toEqual([1, 0, []]);
  });

  it('are full with 100 viewers, and end with the application', () => {
    const streams = new EventStreams();
    const readers = Array.from({ length: 100 }, () => viewer(streams));
    expect(streams.isFull).toBe(true);
    streams.close();
    expect(readers.every(({ destroyed }) => destroyed)).toBe(true);
    expect(streams.size).toBe(0);
  });

  it('have frames in which values contain no line breaks', () => {
    expect(frameOf('tail', { text: 'a\n\ndata: b\r\u2028' })).toBe(
      'event: tail\ndata: {"text":"a\\n\\ndata: b\\r\u2028"}\n\n',
    );
  });
});
