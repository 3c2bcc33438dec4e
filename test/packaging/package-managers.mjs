// Package managers besides npm, each in its strictest form: what a package does not declare cannot be imported.

/** Nest 12.5 names types of a package that it does not declare; only with `skipLibCheck: false` does that matter. */
const UNDECLARED_BY_NEST = { '@nestjs/core@12': { dependencies: { '@standard-schema/spec': '^1.0.0' } } };

/** The npm package of each, how it installs what package.json says and runs its script `application`, and its configuration. */
export const packageManagers = {
  pnpm: {
    package: 'pnpm@12',
    install: 'pnpm install --no-frozen-lockfile',
    run: 'pnpm run application',
    configuration: {
      'pnpm-workspace.yaml': {
        nodeLinker: 'isolated',
        hoist: false,
        strictPeerDependencies: true,
        ignoreScripts: true,
        packageExtensions: UNDECLARED_BY_NEST,
      },
    },
  },
  yarn: {
    package: '@yarnpkg/cli-dist@4',
    install: 'yarn install --no-immutable --mode=skip-build',
    run: 'yarn run application',
    configuration: {
      'yarn.lock': undefined, // empty: it makes the folder a project of its own
      '.yarnrc.yml': {
        nodeLinker: 'pnp',
        pnpMode: 'strict',
        pnpFallbackMode: 'none',
        enableTelemetry: false,
        packageExtensions: UNDECLARED_BY_NEST,
      },
    },
  },
  bun: {
    package: 'bun@1',
    install: 'bun install --ignore-scripts',
    run: 'bun run application',
    configuration: {},
  },
};
