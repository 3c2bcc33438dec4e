import { CONTESTANTS } from '../contestants/contestants.js';
import type { Summary } from './statistics.js';
import type { Mark } from './workload.js';

/** Three digits that count, or all of a whole number. */
export function numeral(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** Median with least and most, where they differ. */
export function inWords({ median, min, max }: Summary): string {
  if (min === max) return numeral(median);
  return `${numeral(median)} (${numeral(min)} to ${numeral(max)})`;
}

/** Such as `calls/s ≥ 1.05 × Nest 12`. */
export function markInWords({ of, against, againstCase, figure, atLeast, atMost }: Mark): string {
  const who = of === 'transport' ? '' : `${CONTESTANTS[of].label}: `;
  const low = atLeast === undefined ? '' : ` ≥ ${numeral(atLeast)}`;
  const high = atMost === undefined ? '' : ` ≤ ${numeral(atMost)}`;
  const other = against === of ? 'itself' : against && CONTESTANTS[against].label;
  const ratio = other === undefined ? '' : ` × ${other}${againstCase === undefined ? '' : `, ${againstCase}`}`;
  return `${who}${figure}${low}${high}${ratio}`;
}

export function aimInWords({ aim, atMost }: Mark): string {
  return aim === undefined ? '' : `${atMost === undefined ? '≥' : '≤'} ${numeral(aim)}`;
}
