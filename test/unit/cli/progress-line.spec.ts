import { describe, expect, it } from '@jest/globals';
import { ProgressLine } from '../../../lib/cli/dead-letters/progress-line.js';

function lineOf(isTerminal: boolean, total: number) {
  const written: string[] = [];
  const clock = { now: 0 };
  const output = { out: () => {}, err: (text: string) => void written.push(text), isTerminal };
  const line = new ProgressLine(output, total, () => clock.now);
  const show = (now: number, replayed: number, failed = 0, exhausted = 0, skipped = 0): void => {
    clock.now = now;
    line.show({ replayed, failed, exhausted, skipped, lastError: undefined });
  };
  return { line, show, written };
}

describe('ProgressLine', () => {
  it('is overwritten in a terminal, ten times a second and at the end', () => {
    const { line, show, written } = lineOf(true, 200);
    for (let now = 10; now <= 250; now += 10) show(now, now / 5);
    show(400, 196, 1, 2, 1);
    line.end();
    expect(written).toEqual([
      '\r[##----------------------] 20 of 200: 20 replayed, 0 failed, 0 exhausted, 0 skipped, 200/s, 1 s left\u001b[K',
      '\r[#####-------------------] 40 of 200: 40 replayed, 0 failed, 0 exhausted, 0 skipped, 200/s, 1 s left\u001b[K',
      '\r[########################] 200 of 200: 196 replayed, 1 failed, 2 exhausted, 1 skipped, 500/s, 0 s left\u001b[K',
      '\n',
    ]);
  });

  it('is a line every five seconds in a log', () => {
    const { line, show, written } = lineOf(false, 100);
    for (let now = 1_000; now <= 9_000; now += 1_000) show(now, now / 1_000);
    line.end();
    expect(written).toEqual([
      '[#-----------------------] 5 of 100: 5 replayed, 0 failed, 0 exhausted, 0 skipped, 1/s, 95 s left\n',
    ]);
  });

  it('writes nothing without letters, and does not overflow its bar when letters are added', () => {
    const none = lineOf(true, 0);
    none.line.end();
    expect(none.written).toEqual([]);
    const more = lineOf(false, 1);
    more.show(1_000, 2);
    expect(more.written[0]).toMatch(/^\[#{24}\] 2 of 2: /);
  });
});
