// Every test runs as an ES module; test/unit and test/integration also run against Nest 11 (see compat/nest11).
const shared = {
  testEnvironment: 'node',
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
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
  collectCoverageFrom: ['lib/**/*.ts'],
  projects: [
    {
      ...shared,
      displayName: 'nest 12',
      testMatch: ['<rootDir>/test/{unit,conformance,integration}/**/*.spec.ts'],
      moduleNameMapper: sourceSpecifiers,
    },
  ],
};
