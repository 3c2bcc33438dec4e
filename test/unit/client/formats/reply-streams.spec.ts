import { describe, expect, it } from '@jest/globals';
import { streamOf, type ReplyStream } from '../../../../lib/client/formats/reply-streams.js';

type Value = readonly [index: number, responder: string | undefined, control?: string];

/** Takes values as a request does; tells which stream, by its place, each belongs to, or that it is a duplicate or behind a gap. */
function takenBy(values: readonly Value[]): (number | 'duplicate' | 'gap')[] {
  const streams: ReplyStream[] = [];
  return values.map(([index, responder, control]) => {
    const stream = streamOf(streams, responder, control, index);
    if (index !== stream.nextIndex) return index < stream.nextIndex ? 'duplicate' : 'gap';
    stream.nextIndex++;
    return streams.indexOf(stream);
  });
}

describe('streamOf', () => {
  it.each<[string, Value[], unknown[]]>([
    [
      'one responder',
      [
        [0, 'a'],
        [1, 'a'],
        [2, 'a'],
      ],
      [0, 0, 0],
    ],
    [
      'two, in turn',
      [
        [0, 'a'],
        [0, 'b'],
        [1, 'a'],
        [1, 'b'],
      ],
      [0, 1, 0, 1],
    ],
    [
      'two, one behind the other',
      [
        [0, 'a'],
        [1, 'a'],
        [0, 'b'],
        [2, 'a'],
        [1, 'b'],
      ],
      [0, 0, 1, 0, 1],
    ],
    [
      'duplicates of each',
      [
        [0, 'a'],
        [0, 'b'],
        [0, 'b'],
        [1, 'a'],
        [0, 'a'],
      ],
      [0, 1, 'duplicate', 0, 'duplicate'],
    ],
    [
      'a gap of the second',
      [
        [0, 'a'],
        [1, 'a'],
        [1, 'b'],
      ],
      [0, 0, 'gap'],
    ],
    [
      'one without a name',
      [
        [0, undefined, 'x'],
        [1, undefined],
        [1, undefined],
      ],
      [0, 0, 'duplicate'],
    ],
    [
      'one without a name or a control topic',
      [
        [0, undefined],
        [0, undefined],
        [1, undefined],
      ],
      [0, 'duplicate', 0],
    ],
    [
      'two without a name',
      [
        [0, undefined, 'x'],
        [0, undefined, 'y'],
        [0, undefined, 'y'],
      ],
      [0, 1, 'duplicate'],
    ],
    [
      'two without a name that go on',
      [
        [0, undefined, 'x'],
        [0, undefined, 'y'],
        [1, undefined],
        [1, undefined],
      ],
      [0, 1, 0, 1],
    ],
    [
      'a named and an unnamed one',
      [
        [0, 'a', 'x'],
        [0, undefined, 'y'],
        [1, undefined],
        [1, 'a'],
      ],
      [0, 1, 1, 0],
    ],
  ])('%s', (_, values, expected) => expect(takenBy(values)).toEqual(expected));
});
