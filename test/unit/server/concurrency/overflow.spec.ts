import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Overflow } from '../../../../lib/server/concurrency/overflow.js';
import { newServerCounters } from '../../../../lib/server/concurrency/server-counters.js';
import { transportLogs } from '../../../support/logs.js';

describe('QoS 0 messages that are dropped', () => {
  it('are counted, and logged once per burst', () => {
    let now = 0;
    const counters = newServerCounters();
    const overflow = new Overflow({ size: 5, overflow: 'drop-oldest' }, counters, new Logger('ServerMqtt'), () => now);
    for (; now < 9_000; now += 1_000) overflow.dropped('a');
    now += 9_000; // quiet, but not for long
    overflow.dropped('b');
    expect(transportLogs('warn')).toEqual([
      expect.stringMatching(/the oldest first, one on "a".* 0 were dropped before/),
    ]);

    now += 10_001;
    overflow.dropped('c');
    expect(counters.dropped).toBe(11);
    expect(transportLogs('warn')).toEqual([
      expect.stringContaining('"a"'),
      expect.stringMatching(/one on "c": qos0Buffer holds 5.* 10 were dropped before/),
    ]);
  });
});
