// The architecture of lib/ as rules: imports go down the floors only, and a library is imported where it belongs.

/** Lowest floor first. Folders of one floor do not know each other. A new entry point is one more name on the last floor. */
const floors = [
  ['errors'],
  ['protocol', 'collections', 'timing'],
  ['observing'],
  ['options'],
  ['wire', 'routing', 'acknowledgement', 'serialization', 'records'],
  ['context', 'filters'],
  ['server', 'client'],
  ['module'],
  ['testing', 'health', 'otel', 'metrics', 'asyncapi', 'stores'],
  ['inspector', 'cli'], // of which both know the AsyncAPI document
];
const entryPoints = ['testing', 'health', 'otel', 'metrics', 'asyncapi', 'inspector', 'stores'];

const folders = floors.flat();
const oneOf = (names) => `(${names.join('|')})`;

const floorRules = floors.flatMap((floor, level) =>
  floor.map((folder) => ({
    name: `floor-${level}-${folder}`,
    comment: `lib/${folder} imports only itself and the floors below: ${floors.slice(0, level).flat().join(', ') || 'none'}`,
    severity: 'error',
    from: { path: `^lib/${folder}/` },
    to: { path: '^lib/', pathNot: `^lib/${oneOf([folder, ...floors.slice(0, level).flat()])}/` },
  })),
);

const importedOnlyFrom = (library, importers, options = {}) => ({
  name: `only-${importers.join('-and-')}-imports-${library}`,
  severity: 'error',
  from: { path: '^lib/', pathNot: `^lib/${oneOf(importers)}/` },
  // `@types/ws` and a library that is not installed (its bare name) count too.
  to: { path: `(^|node_modules/)(@types/)?${library}(/|$)`, pathNot: '^lib/', ...options },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...floorRules,
    {
      name: 'known-folders-only',
      comment: 'Every folder of lib/ stands on a floor; at the top of lib/ only index.ts does',
      severity: 'error',
      from: { path: '^lib/', pathNot: `^lib/(${oneOf(folders)}/|index\\.ts$)` },
      to: {},
    },
    {
      name: 'core-knows-no-further-entry-point',
      comment: 'lib/index.ts must not pull in the peers of the other entry points',
      severity: 'error',
      from: { path: '^lib/index\\.ts$' },
      to: { path: `^lib/${oneOf(entryPoints)}/` },
    },
    {
      name: 'no-barrel-inside',
      comment: 'index.ts is for users; inside lib/ import the file that holds what you need',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: ['^lib/index[.]ts$', '^lib/.*/index[.]ts$'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      ...importedOnlyFrom('mqtt', ['wire'], { dependencyTypesNot: ['type-only'] }),
      comment: 'MQTT.js runs in lib/wire only',
    },
    {
      ...importedOnlyFrom('mqtt', ['wire', 'options', 'stores'], { dependencyTypes: ['type-only'] }),
      comment: 'Public options extend the types of MQTT.js; nobody else names them',
    },
    { ...importedOnlyFrom('mqtt-packet', ['wire', 'testing', 'stores']) },
    { ...importedOnlyFrom('ws', ['wire', 'testing']) },
    { ...importedOnlyFrom('socks', ['wire']) },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'What lib/ imports stands in dependencies or peerDependencies',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
    {
      name: 'lib-stands-alone',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(test|sample|bench|dist)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
