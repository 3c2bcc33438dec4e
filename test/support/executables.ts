/* oxlint-disable jest/valid-title -- titles come from the suites that are described here */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Debian puts mosquitto where a user's PATH does not look. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];

const PACKAGES = 'Install it: apt-get install mosquitto mosquitto-clients';

/** Path of a program; undefined when it is not installed. */
export function findExecutable(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @throws Error that says what to install */
export function executable(name: string): string {
  const path = findExecutable(name);
  if (path === undefined) throw new Error(`${name} is not there. ${PACKAGES}`);
  return path;
}

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

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
