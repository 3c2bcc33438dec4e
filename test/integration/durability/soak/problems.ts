import type { SoakResult } from './run-soak.js';

const MEBIBYTE = 1024 * 1024;
/** Generous for what comes and goes; an object that stays behind for each of 100,000 messages is more. */
const MOST_HEAP_GROWTH = 8 * MEBIBYTE;

/** What must not be, in words; empty when all is well. */
export function problemsOf(result: SoakResult): string[] {
  const { messages, unhandled, acknowledged, unaccounted, unhandledRejections, heapGrowth } = result;
  const happened = { cut: result.cuts, retry: result.retries, 'message given up': result.givenUp };
  return [
    ...(unhandled > 0 ? [`${unhandled} messages were lost`] : []),
    ...(acknowledged === messages ? [] : [`${acknowledged} of ${messages} messages were acknowledged`]),
    ...(unaccounted === 0 ? [] : [`${unaccounted} runs have no end`]),
    ...(unhandledRejections.length > 0 ? [`unhandled rejections: ${unhandledRejections.join('; ')}`] : []),
    ...(heapGrowth > MOST_HEAP_GROWTH ? [`the heap has grown by ${heapGrowth} bytes`] : []),
    ...Object.entries(result.leftovers).map(([what, count]) => `left over: ${count} ${what}`),
    ...Object.entries(happened)
      .filter(([, times]) => times === 0)
      .map(([what]) => `not one ${what}: this was no soak`),
  ];
}
