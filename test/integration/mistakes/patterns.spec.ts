import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { patternsOf } from '../../../lib/index.js';
import { transportLogs } from '../../support/logs.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const { EventPattern } = patternsOf();

function lampsOf(pattern: string, prefix = ''): new () => object {
  @Controller()
  class Lamps {
    @EventPattern(pattern, { prefix })
    on(): void {}
  }
  return Lamps;
}

describe('a pattern that is a mistake', () => {
  const name = 'the name of a capture has letters, digits, _ and $ only, and does not begin with a digit, unlike ';

  it.each([
    ['lamps/{id:int}', '', `${name}{id:int}; a literal brace must be doubled: {{ or }}, at Lamps.on()`],
    ['lamps/{*rest}', '', `${name}{*rest}; `],
    ['lamps/{1st}', '', `${name}{1st}; `],
    ['lamps/id-{id}', '', 'a capture {name} must be a whole level, and a literal brace must be doubled: {{ or }}, at '],
    ['lamps/${id}', '', 'it has ${...} as it is written: use backticks to have JavaScript fill it in, at Lamps.on()'],
    [
      'lamps',
      'a/#/',
      'Invalid topic "a/#/": the option prefix has a #, and a filter ends with it: use + for one level, at Lamps.on()',
    ],
  ])('%s after the prefix "%s" is refused: %s', async (pattern, prefix, message) => {
    await expect(startServer({}, { controllers: [lampsOf(pattern, prefix)] })).rejects.toThrow(message);
  });

  it.each([
    [' lamps/on', ' lamps'],
    ['lamps/on ', 'on '],
  ])('%j has a space, and is warned of', async (pattern, level) => {
    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [lampsOf(pattern)] });
    expect(transportLogs('warn')).toEqual([
      `Handler "${pattern}" has a space at the edge of the level "${level}", which is part of the topic. Remove it, unless topics have it.`,
    ]);
  });
});
