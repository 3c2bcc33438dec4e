import type { Deviation } from './deviations.js';
import type { CheckResult } from './run-checks.js';

/** The deviation that a result is expected to show, if any. */
export function deviationOf(deviations: readonly Deviation[], { check, version }: CheckResult): Deviation | undefined {
  return deviations.find(({ checks, versions = [4, 5] }) => checks.includes(check.name) && versions.includes(version));
}

/** What is wrong with a result; undefined when it is as expected. */
export function problemOf(deviations: readonly Deviation[], result: CheckResult): string | undefined {
  const { outcome } = result;
  const expected = deviationOf(deviations, result);
  if (outcome.result === 'fails')
    return `fails: ${outcome.error instanceof Error ? outcome.error.stack : String(outcome.error)}`;
  if (outcome.result === 'works') {
    if (!expected || expected.sometimes) return undefined;
    return `works, although it ${expected.does}: take that out of deviations.ts`;
  }
  if (!expected) return `the broker cannot: ${outcome.said}`;
  return expected.said.test(outcome.said) ? undefined : `the broker cannot, and says something else: ${outcome.said}`;
}
