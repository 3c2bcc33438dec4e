import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { warnerOnce } from '../../../lib/errors/warner-once.js';
import { transportLogs } from '../../support/logs.js';

const start = (): ReturnType<typeof warnerOnce> => warnerOnce(new Logger('ServerMqtt'));

describe('warnerOnce()', () => {
  it('warns once of each thing, for each kind', () => {
    const warnOnce = start();
    warnOnce('a', 'x', 'first');
    warnOnce('a', 'x', 'again');
    warnOnce('b', 'x', 'another kind');
    warnOnce('a', 'y', 'another thing');
    expect(transportLogs('warn')).toEqual(['first', 'another kind', 'another thing']);
  });

  it('keeps no more than 1,000 things in mind', () => {
    const warnOnce = start();
    for (let i = 0; i < 1_010; i++) warnOnce('a', `${i}`, 'line');
    expect(transportLogs('warn')).toHaveLength(1_000);
  });
});
