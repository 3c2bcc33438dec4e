// A Node.js of a given version with the npm that comes with it, and an environment that knows no other.
import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

/**
 * Installs Node.js and npm from their packages.
 *
 * @param {string} folder where to
 * @param {string} node a version, or a range of which the newest is taken
 * @param {string} npm the same
 * @returns the environment for programs that shall run on it, and the version that it is
 */
export function installNode(folder, node, npm) {
  const packages = [`node@${node}`, `npm@${npm}`];
  execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    stdio: 'inherit',
    env: withoutNpm(process.env),
  });
  const environment = withoutNpm(process.env);
  environment.PATH = [join(folder, 'node_modules', '.bin'), environment.PATH].join(delimiter);
  const version = execFileSync('node', ['--version'], { env: environment, encoding: 'utf8' }).trim().slice(1);
  if (version !== node && !version.startsWith(`${node}.`)) throw new Error(`Asked for Node.js ${node}, got ${version}`);
  return { environment, version };
}

/** What `npm run` adds for its script would reach the npm of the other version. */
function withoutNpm(environment) {
  const kept = Object.entries(environment).filter(([name]) => !/^(npm_|INIT_CWD$|NODE$|NODE_OPTIONS$)/i.test(name));
  const { PATH, ...rest } = Object.fromEntries(kept);
  const outside = PATH.split(delimiter).filter((folder) => !/node_modules|node-gyp-bin/.test(folder));
  return { ...rest, PATH: outside.join(delimiter) };
}
