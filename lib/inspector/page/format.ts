/** A time in the viewer's locale, with the date unless it is today. */
export function timeOf(at: number): string {
  const time = new Date(at);
  return time.toDateString() === new Date().toDateString() ? time.toLocaleTimeString() : time.toLocaleString();
}

/** The exact time, for a tooltip. */
export function exactTime(at: number): string {
  return new Date(at).toISOString();
}

const COUNT = new Intl.NumberFormat();
const ONE_DIGIT = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export function countOf(count: number): string {
  return COUNT.format(count);
}

export function rateOf(rate: number | undefined): string {
  return rate === undefined ? '–' : `${rate < 10 ? ONE_DIGIT.format(rate) : countOf(Math.round(rate))}/s`;
}

export function durationOf(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '–';
  if (milliseconds < 1) return '<1 ms';
  if (milliseconds < 1_000) return `${countOf(Math.round(milliseconds))} ms`;
  if (milliseconds < 120_000) return `${ONE_DIGIT.format(milliseconds / 1_000)} s`;
  return milliseconds < 7_200_000
    ? `${countOf(Math.round(milliseconds / 60_000))} min`
    : `${ONE_DIGIT.format(milliseconds / 3_600_000)} h`;
}

export function sizeOf(bytes: number): string {
  return bytes < 1_024 ? `${bytes} B` : `${ONE_DIGIT.format(bytes / 1_024)} kB`;
}
