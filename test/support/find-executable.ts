import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian puts mosquitto, and PostgreSQL, where a user's PATH does not look. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin', ...postgresFolders()];

export const PACKAGES = 'Install it: apt-get install mosquitto mosquitto-clients prometheus redis-server postgresql';

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

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One folder for each major, the latest first. */
function postgresFolders(): string[] {
  const parent = '/usr/lib/postgresql';
  try {
    const majors = readdirSync(parent).toSorted((a, b) => Number(b) - Number(a));
    return majors.map((major) => join(parent, major, 'bin'));
  } catch {
    return [];
  }
}
