// npm run test:node-versions [-- --smoke] [-- version ...]
// The README's two commands in a clean clone, on every version of Node.js that the README promises, from the npm package `node`.
// --smoke: the first command on all, the tests of SMOKE on the oldest and the newest. It is what .ci/run has time for.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installNode } from './bare-node.mjs';

/** Versions of Node.js, the oldest first, each with the npm that it comes with. */
const VERSIONS = new Map([
  ['20.19.0', '10.8.2'],
  ['22', '10'],
  ['24', '11'],
  ['26', '11'],
]);

/** Where versions of Node.js differ: timers, sockets, TLS, streams, signals, and processes that must end. */
const SMOKE = [
  'test/unit/timing',
  'test/unit/wire/network',
  'test/integration/rpc/request-response',
  'test/integration/streams/streams',
  'test/integration/lifecycle',
  'test/integration/security/certificates',
  '--selectProjects "nest 12"',
];

/** What a run must not say, even where its tests pass. */
const UNWANTED =
  /^.*(Timeout(Negative|Overflow|NaN)Warning|MaxListenersExceededWarning|failed to exit|did not exit).*$/gm;

const root = fileURLToPath(new URL('../..', import.meta.url));
const [sample, tests] = readFileSync(join(root, 'README.md'), 'utf8').match(/^npm ci && npm .+$/gm);
const smoke = process.argv.includes('--smoke');
const asked = process.argv.slice(2).filter((argument) => argument !== '--smoke');
const versions = asked.length > 0 ? asked : [...VERSIONS.keys()];
const ends = [versions[0], versions.at(-1)];

for (const version of versions) {
  const work = mkdtempSync(join(tmpdir(), 'node-version-'));
  try {
    await check(version, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function check(wanted, work) {
  const { environment, version } = installNode(join(work, 'node'), wanted, VERSIONS.get(wanted) ?? 'latest');
  const clone = join(work, 'clone');
  execFileSync('git', ['clone', '--quiet', root, clone], { stdio: 'inherit' });
  const run = (command, more = {}) => runOn(version, command, { cwd: clone, env: { ...environment, ...more } });

  await run(sample, { SAMPLE_EXIT: '1' });
  await run('node test/packaging/entry-points.mjs');
  if (!smoke) await run(tests);
  else if (ends.includes(wanted)) await run(`npm test -- ${SMOKE.join(' ')}`);
}

async function runOn(version, command, options) {
  console.log(`\n=== Node.js ${version}: ${command}`);
  const startedAt = Date.now();
  const child = spawn(command, { ...options, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding('utf8');
    from.on('data', (text) => {
      output += text;
      to.write(text);
    });
  }
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`On Node.js ${version}, ${command} ended with ${code}`);
  const unwanted = output.match(UNWANTED);
  if (unwanted) throw new Error(`On Node.js ${version}, ${command} said:\n${unwanted.join('\n')}`);
  console.log(`Node.js ${version}: passed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
}
