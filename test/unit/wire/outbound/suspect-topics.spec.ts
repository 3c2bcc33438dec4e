import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Loss } from '../../../../lib/wire/connection/loss.js';
import { writeDeadLetter } from '../../../../lib/protocol/dead-letter-json.js';
import { SuspectTopics } from '../../../../lib/wire/outbound/suspect-topics.js';
import { deadLetter } from '../../../support/dead-letters.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function loss(hangUp: boolean): Loss {
  return {
    hangUp,
    repeated: false,
    reasonCode: undefined,
    broker: 'mqtt://broker:1883',
    protocolVersion: 5,
    suspected: false,
    explained: false,
  };
}

/** Writes to these topics, and is cut off. @returns whether one of them may have been the reason */
function cutOff(suspects: SuspectTopics, topics: readonly string[], hangUp = true): boolean {
  for (const topic of topics) suspects.note(topic);
  const one = loss(hangUp);
  suspects.lost(one);
  return one.suspected;
}

function letterOf(time: string): string {
  return writeDeadLetter(deadLetter({ time: Date.parse(time) }));
}

function suspectsAmong(suspects: SuspectTopics, topics: readonly string[]): string[] {
  return topics.filter((topic) => suspects.isSuspect(topic));
}

function manyTopics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `topic/${i}`);
}

describe('SuspectTopics', () => {
  it('suspects nothing as long as nothing has happened', () => {
    const suspects = new SuspectTopics();
    suspects.note('a');
    expect(suspects.isEmpty).toBe(true);
    expect(suspects.isSuspect('a')).toBe(false);
    expect(suspects.isRefused('a')).toBe(false);
  });

  it.each([1, 8])('suspects all of %i topics that were written before the connection ended', (count) => {
    const suspects = new SuspectTopics();
    const topics = manyTopics(count);
    expect(cutOff(suspects, [...topics, ...topics])).toBe(true);
    expect(suspectsAmong(suspects, [...topics, 'other'])).toEqual(topics);
    expect(suspects.isEmpty).toBe(false);
  });

  it('suspects none of 9 at first, and those of them that were written before the next end as well', () => {
    const suspects = new SuspectTopics();
    const topics = manyTopics(9);
    expect(cutOff(suspects, topics)).toBe(false);
    expect(suspectsAmong(suspects, topics)).toEqual([]);
    expect(cutOff(suspects, [...manyTopics(3), ...manyTopics(20).slice(9)])).toBe(true);
    expect(suspectsAmong(suspects, manyTopics(20))).toEqual(manyTopics(3));
  });

  it('suspects nothing of a connection that the broker did not end, and trusts those it had suspected', () => {
    const suspects = new SuspectTopics();
    cutOff(suspects, ['a']);
    expect(cutOff(suspects, ['b'], false)).toBe(false);
    expect(suspectsAmong(suspects, ['a', 'b'])).toEqual([]);
    cutOff(suspects, manyTopics(9));
    cutOff(suspects, [], false);
    cutOff(suspects, manyTopics(9));
    expect(suspectsAmong(suspects, manyTopics(9))).toEqual([]); // the two ends were not in a row
  });

  it('forgets what was written on connections before', () => {
    const suspects = new SuspectTopics();
    cutOff(suspects, ['a']);
    suspects.clear('a');
    cutOff(suspects, ['b']);
    expect(suspectsAmong(suspects, ['a', 'b'])).toEqual(['b']);
  });

  it('looks back 1,024 messages', () => {
    const suspects = new SuspectTopics();
    cutOff(suspects, ['first', 'second', ...Array.from({ length: 1_023 }, () => 'last')]);
    expect(suspectsAmong(suspects, ['first', 'second', 'last'])).toEqual(['second', 'last']);
  });

  it('clears a topic of which the broker has taken a message', () => {
    const suspects = new SuspectTopics();
    cutOff(suspects, ['a', 'b']);
    suspects.clear('a');
    expect(suspectsAmong(suspects, ['a', 'b'])).toEqual(['b']);
  });

  it('trusts all when the broker could not be reached', () => {
    const suspects = new SuspectTopics();
    cutOff(suspects, ['a']);
    suspects.trustAll();
    expect(suspects.isEmpty).toBe(true);
    cutOff(suspects, manyTopics(9));
    suspects.trustAll();
    cutOff(suspects, manyTopics(9));
    expect(suspectsAmong(suspects, manyTopics(9))).toEqual([]);
  });

  it('refuses a topic for a minute', () => {
    const suspects = new SuspectTopics();
    cutOff(suspects, ['a']);
    suspects.refuse('a');
    expect(suspects.isSuspect('a')).toBe(false);
    jest.advanceTimersByTime(59_999);
    expect(suspects.isRefused('a')).toBe(true);
    expect(suspects.isEmpty).toBe(false);
    jest.advanceTimersByTime(1);
    expect(suspects.isRefused('a')).toBe(false);
    expect(suspects.isEmpty).toBe(true);
  });

  it('trusting all does not take a refusal back', () => {
    const suspects = new SuspectTopics();
    suspects.refuse('a');
    suspects.trustAll();
    cutOff(suspects, [], false);
    expect(suspects.isRefused('a')).toBe(true);
  });

  it('keeps no more than 1,000 refusals', () => {
    const suspects = new SuspectTopics();
    for (const topic of manyTopics(1_001)) suspects.refuse(topic);
    expect(manyTopics(1_001).filter((topic) => suspects.isRefused(topic)).length).toBeLessThanOrEqual(1_000);
    expect(suspects.isRefused('topic/1000')).toBe(true);
  });

  it.each<[string, string | Buffer, string | Buffer, boolean]>([
    ['the same', '"a"', '"a"', true],
    ['the same in bytes', '"a"', Buffer.from('"a"'), true],
    ['another', '"a"', '"b"', false],
    // the dead letter of a redelivered message, on 3.1.1
    [
      'that of the same letter at another time',
      letterOf('2026-11-26T23:26:42.330Z'),
      letterOf('2026-11-26T23:26:43.001Z'),
      true,
    ],
    ['a reading of another time', '{"time":"2026-11-26T23:26:42.330Z"}', '{"time":"2026-11-26T23:26:43.001Z"}', false],
  ])('knows a refused message again when its payload is %s', (_title, payload, again, isRefused) => {
    const suspects = new SuspectTopics();
    suspects.refuseAgain({ topic: 'a', payload, qos: 1, retain: false, properties: undefined });
    expect(suspects.isRefusedAgain({ topic: 'a', payload: again, qos: 1, retain: false, properties: undefined })).toBe(
      isRefused,
    );
    expect(suspects.isRefused('a')).toBe(false);
  });
});
