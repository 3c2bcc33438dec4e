// npm run pack:check [-- npm pnpm yarn bun]: packs the package as npm would publish it, lints the tarball, and runs the applications
// beside this file on it, away from this tree; all of them with npm, and two with other package managers.
import { execSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageManagers } from './package-managers.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const applications = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const withEveryManager = ['nest12-esm', 'nest11-commonjs'];
const asked = process.argv.slice(2);
const managers = ['npm', ...Object.keys(packageManagers)].filter((name) => asked.length === 0 || asked.includes(name));
const threeMinutes = 3 * 60_000;

const work = mkdtempSync(join(tmpdir(), 'packaging-'));
try {
  run(root, `npm pack --pack-destination "${work}"`);
  const tarball = join(work, readdirSync(work)[0]);
  run(root, `npx --no-install publint run "${tarball}" --strict`);
  run(root, `npx --no-install attw "${tarball}"`);
  for (const manager of managers) {
    if (manager === 'npm') runWithNpm(tarball);
    else runWith(manager, packageManagers[manager], tarball);
  }
  console.log(`\nPackage works in ${applications.join(', ')}, with ${managers.join(', ')}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function runWithNpm(tarball) {
  for (const name of applications) {
    const application = copyOf(name, 'npm');
    run(application, 'npm ci --no-audit --no-fund');
    run(application, `npm install --no-save --no-audit --no-fund "${tarball}"`);
    run(application, 'npm test');
  }
}

function runWith(manager, description, tarball) {
  const tools = join(work, manager, 'tools');
  run(work, `npm install --prefix "${tools}" --no-audit --no-fund ${description.package}`);
  const environment = { ...process.env, PATH: [join(tools, 'node_modules/.bin'), process.env.PATH].join(delimiter) };
  for (const name of withEveryManager) {
    const application = copyOf(name, manager);
    dependOn(application, tarball);
    for (const [file, settings = ''] of Object.entries(description.configuration)) {
      writeFileSync(join(application, file), settings && JSON.stringify(settings)); // JSON is YAML
    }
    run(application, description.install, environment);
    run(application, description.run, environment);
  }
}

function copyOf(name, manager) {
  console.log(`\n=== ${name}, ${manager}`);
  const application = join(work, manager, name);
  cpSync(join(here, name), application, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
  cpSync(join(here, 'entry-points.mjs'), join(application, 'entry-points.mjs'));
  return application;
}

/** The tarball, and the versions of npm's lock file, which other package managers do not read. */
function dependOn(application, tarball) {
  const manifest = JSON.parse(readFileSync(join(application, 'package.json'), 'utf8'));
  const { packages } = JSON.parse(readFileSync(join(application, 'package-lock.json'), 'utf8'));
  for (const dependencies of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(dependencies)) dependencies[name] = packages[`node_modules/${name}`].version;
  }
  manifest.dependencies['nestjs-mqtt-transport'] = `file:${tarball}`;
  writeFileSync(join(application, 'package.json'), JSON.stringify(manifest, null, 2));
  rmSync(join(application, 'package-lock.json'));
}

function run(cwd, command, env = process.env) {
  console.log(`\n$ ${command}`);
  execSync(command, { cwd, env, stdio: 'inherit', timeout: threeMinutes });
}
