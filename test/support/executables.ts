import { findExecutable, PACKAGES } from './find-executable.js';
import { describeUnlessMissing } from './optional-suite.js';

export { executable, findExecutable } from './find-executable.js';

/** A suite that needs programs, see `describeUnlessMissing`. */
export function describeWhereInstalled(programs: readonly string[], title: string, suite: () => void): void {
  const missing = programs.filter((name) => findExecutable(name) === undefined);
  describeUnlessMissing(
    missing.length === 0 ? undefined : `${missing.join(', ')} not found. ${PACKAGES}`,
    title,
    suite,
  );
}
