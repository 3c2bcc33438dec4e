// Imports and requires every entry point of the package that is installed here: both ways give the same things, one set of classes.
// Not with Yarn Plug'n'Play, which does not know the condition `module-sync`: there a class that is required is another one.
// Arguments: entry points whose peer is not installed. They must say so, by the name of the peer.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const name = 'nestjs-mqtt-transport';
const withoutPeer = process.argv.slice(2);
const entryPoints = Object.keys(require(`${name}/package.json`).exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.slice(2));

for (const entryPoint of entryPoints) {
  const specifier = entryPoint === '' ? name : `${name}/${entryPoint}`;
  if (withoutPeer.includes(entryPoint)) {
    await assert.rejects(import(specifier), isAboutAPeer);
    assert.throws(() => require(specifier), isAboutAPeer);
    continue;
  }
  const imported = await import(specifier);
  const required = require(specifier);
  assert.ok(Object.keys(imported).length > 0, `${specifier} exports nothing`);
  assert.deepEqual(
    Object.keys(required).filter(isName).toSorted(),
    Object.keys(imported).filter(isName).toSorted(),
    specifier,
  );
  for (const [key, value] of Object.entries(imported)) {
    if (!process.versions.pnp)
      assert.equal(required[key], value, `${specifier}: ${key} is another one when it is required`);
  }
}

/** What a module system adds is none. */
function isName(key) {
  return !['default', 'module.exports', '__esModule'].includes(key);
}

function isAboutAPeer({ message }) {
  return Object.keys(require(`${name}/package.json`).peerDependenciesMeta).some((peer) => message.includes(peer));
}

console.log(`${entryPoints.length} entry points, imported and required, on Node.js ${process.versions.node}: passed`);
