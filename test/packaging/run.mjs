// Packs the package as npm would publish it, lints the tarball, and runs the applications beside this file on it, away from this tree.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const applications = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const threeMinutes = 3 * 60_000;

const run = (cwd, command, ...args) => {
  console.log(`\n$ ${[command, ...args].join(' ')}`);
  execFileSync(command, args, { cwd, stdio: 'inherit', timeout: threeMinutes, shell: process.platform === 'win32' });
};

const work = mkdtempSync(join(tmpdir(), 'packaging-'));
try {
  run(root, 'npm', 'pack', '--pack-destination', work);
  const tarball = join(work, readdirSync(work)[0]);
  run(root, 'npx', '--no-install', 'publint', 'run', tarball, '--strict');
  run(root, 'npx', '--no-install', 'attw', tarball);

  for (const name of applications) {
    console.log(`\n=== ${name}`);
    const application = join(work, name);
    cpSync(join(here, name), application, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
    run(application, 'npm', 'ci', '--no-audit', '--no-fund');
    run(application, 'npm', 'install', '--no-save', '--no-audit', '--no-fund', tarball);
    run(application, 'npm', 'test');
  }
  console.log(`\nPackage works in ${applications.join(', ')}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
