/* oxlint-disable jest/valid-title -- titles come from the suites that are described here */
import { describe, expect, it } from '@jest/globals';
import { findExecutable, PACKAGES } from './find-executable.js';

export { executable, findExecutable } from './find-executable.js';

/**
 * A suite that needs programs from outside. Where they are missing it fails in CI, and is left out, loudly, elsewhere.
 */
export function describeWhereInstalled(programs: readonly string[], title: string, suite: () => void): void {
  const missing = programs.filter((name) => findExecutable(name) === undefined);
  if (missing.length === 0) {
    describe(title, () => {
      suite();
    });
    return;
  }
  const message = `${title}: ${missing.join(', ')} not found. ${PACKAGES}`;
  if (process.env['CI']) {
    it(message, () => {
      expect(missing).toEqual([]);
    });
    return;
  }
  process.stderr.write(`\n!!! Not run: ${message}\n`);
  it.todo(message);
}
