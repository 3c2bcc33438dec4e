// Every test runs as an ES module. What touches Nest runs twice: on Nest 12 and, through compat/nest11, on Nest 11.
const shared = {
  testEnvironment: 'node',
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/test/packaging/', '<rootDir>/dist/'],
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

// `./name.js` in a source file means `./name.ts`; packages keep their own `.js` files.
const sourceSpecifiers = { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'] };

/** @type {import('jest').Config} */
export default {
  testTimeout: 20_000, // a hanging test fails by this, never a slow machine
  maxWorkers: '100%', // half the work is waiting for brokers
  collectCoverageFrom: ['lib/**/*.ts'],
  projects: [
    {
      ...shared,
      displayName: 'nest 12',
      globals: { NEST_MAJOR: 12 },
      testMatch: ['<rootDir>/test/{unit,conformance,integration}/**/*.spec.ts'],
      moduleNameMapper: sourceSpecifiers,
    },
    {
      ...shared,
      displayName: 'nest 11',
      globals: { NEST_MAJOR: 11 },
      testMatch: ['<rootDir>/test/{unit,integration}/**/*.spec.ts'],
      // These folders import nothing from Nest, or start hundreds of processes: once is enough.
      testPathIgnorePatterns: [
        '/test/integration/(durability|lifecycle|performance|security|wire)/',
        '/test/integration/(many-callers|groups)',
        '/test/integration/rpc/(isolation|nested-calls|nagle|packet-count|faststream)',
        '/test/unit/(errors|protocol|options|wire|routing|acknowledgement|collections|timing|serialization|testing)/',
      ],
      moduleNameMapper: {
        '^@nestjs/(.*)$': '<rootDir>/compat/nest11/node_modules/@nestjs/$1',
        ...sourceSpecifiers,
      },
    },
  ],
};
