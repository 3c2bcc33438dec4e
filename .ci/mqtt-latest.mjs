// Runs the tests on the newest release of MQTT.js that there is, and puts the locked one back: `npm run test:mqtt-latest [-- jest options]`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const installed = () => JSON.parse(readFileSync('node_modules/mqtt/package.json', 'utf8')).version;

function npm(...args) {
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
  return status === 0;
}

const locked = installed();
try {
  if (!npm('install', '--no-save', '--no-audit', '--no-fund', 'mqtt@latest')) process.exitCode = 1;
  else {
    console.log(`MQTT.js ${installed()} in place of ${locked}`);
    if (!npm('test', '--', ...process.argv.slice(2))) process.exitCode = 1;
  }
} finally {
  if (!npm('install', '--no-save', '--no-audit', '--no-fund', `mqtt@${locked}`)) process.exitCode = 1;
}
