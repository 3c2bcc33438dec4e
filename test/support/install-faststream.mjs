// Puts FastStream, the other side of an interoperability suite, into a Python environment of its own, where `npm run test:peers` has it too.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const venv = fileURLToPath(new URL('../../.cache/peers/faststream', import.meta.url));
const requirements = fileURLToPath(new URL('../integration/peers/faststream/requirements.txt', import.meta.url));

rmSync(venv, { recursive: true, force: true });
execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
execFileSync(`${venv}/bin/python`, pip, { stdio: 'inherit' });
copyFileSync(requirements, `${venv}/installed`); // by which test/peers/install.ts knows
