/* oxlint-disable jest/valid-title, jest/valid-describe-callback, jest/no-disabled-tests -- titles come from the suites that are described here */
import { describe, expect, it } from '@jest/globals';

/**
 * A suite that needs something from outside. Where that is missing, it fails in CI, and is skipped, loudly, elsewhere.
 *
 * @param missing what is missing and how to get it; undefined where nothing is
 */
export function describeUnlessMissing(missing: string | undefined, title: string, suite: () => void): void {
  if (missing === undefined) {
    describe(title, suite);
    return;
  }
  const message = `${title}: ${missing}`;
  if (process.env['CI']) {
    it(message, () => {
      expect(missing).toBeUndefined();
    });
    return;
  }
  process.stderr.write(`\n!!! Not run: ${message}\n`);
  describe.skip(message, suite);
}
