// Installs every folder beside it whose node_modules is missing or older than its lock file. Runs before `npm test` and `npm run typecheck`.
import { execSync } from 'node:child_process';
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

// `npm ci` would empty what a link leads to, the install of another checkout.
const isLink = (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;

const here = fileURLToPath(new URL('.', import.meta.url));
const folders = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

for (const { name } of folders) {
  const cwd = `${here}${name}`;
  if (isLink(`${cwd}/node_modules`)) continue;
  if (modifiedAt(`${cwd}/package-lock.json`) > modifiedAt(`${cwd}/node_modules/.package-lock.json`)) {
    execSync('npm ci', { cwd, stdio: 'inherit' });
  }
}
