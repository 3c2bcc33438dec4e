import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { bundleInspectorPage } from './.ci/inspector-page.mjs';

await bundleInspectorPage([[fileURLToPath(new URL('lib/inspector/page-bundle.js', import.meta.url)), 'esm']]);

// Every test runs as an ES module. What touches Nest runs on Nest 12 and, through test/compat/nest11, on Nest 11.
const shared = {
  testEnvironment: 'node',
  roots: ['<rootDir>/lib', '<rootDir>/sample', '<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/test/packaging/', '<rootDir>/dist/', '<rootDir>/sample/dist/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, verbatimModuleSyntax: true },
          keepClassNames: true,
        },
      },
    ],
  },
};

// `./name.js` in a source file means `./name.ts`; packages keep their own `.js` files. Samples and documents name the package.
const sourceSpecifiers = {
  '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'],
  '^nestjs-mqtt-transport$': '<rootDir>/lib/index.ts',
  '^nestjs-mqtt-transport/(.*)$': '<rootDir>/lib/$1/index.ts',
};

/** @type {import('jest').Config} */
export default {
  testTimeout: 40_000, // a hanging test fails by this, never a slow machine
  maxWorkers: availableParallelism() + 1, // half the work is waiting for brokers; jest takes "150%" for 150
  workerIdleMemoryLimit: '2GB', // what a worker has run stays in its memory
  workerGracefulExitTimeout: 30_000, // giving its memory back may take longer than half a second: it is no leak
  collectCoverageFrom: [
    'lib/**/*.ts',
    '!lib/inspector/page/**', // runs in a browser, where test/integration/inspector/page*.spec.ts use it
    '!lib/cli/main.ts', // a process of its own, which test/packaging starts; the command that it runs is measured
  ],
  coverageReporters: ['text-summary', 'lcov'],
  coverageThreshold: { global: { statements: 98, branches: 95, functions: 98, lines: 99 } }, // of `npm run coverage`, rounded down
  projects: [
    {
      ...shared,
      displayName: 'nest 12',
      globals: { NEST_MAJOR: 12 },
      testMatch: ['<rootDir>/test/{unit,conformance,integration}/**/*.spec.ts', '<rootDir>/sample/*/test/**/*.spec.ts'],
      moduleNameMapper: sourceSpecifiers,
    },
    {
      ...shared,
      displayName: 'nest 11',
      globals: { NEST_MAJOR: 11 },
      // Where Nest matters: what it calls, and what it hands over. The wire, the brokers and the processes are the same on both.
      testMatch: [
        '<rootDir>/test/unit/{client,compat,context,module,records,server}/**/*.spec.ts',
        '<rootDir>/test/integration/{asyncapi,handlers,http,inspector,mistakes,module,observing,otel,peers,server}/**/*.spec.ts',
        '<rootDir>/test/integration/cli/**/*.spec.ts',
        '<rootDir>/test/integration/dead-letters/replay.spec.ts',
        '<rootDir>/test/integration/rpc/{request-response,failures}.spec.ts',
        '<rootDir>/test/integration/streams/streams.spec.ts',
        '<rootDir>/sample/*/test/**/*.spec.ts',
      ],
      testPathIgnorePatterns: [
        '/test/integration/(peers|otel)/faststream',
        '/test/integration/inspector/(page-in-use|load)',
      ],
      moduleNameMapper: {
        '^@nestjs/(.*)$': '<rootDir>/test/compat/nest11/node_modules/@nestjs/$1',
        ...sourceSpecifiers,
      },
    },
  ],
};
