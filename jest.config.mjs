const swc = [
  '@swc/jest',
  {
    // .swcrc is the build's and leaves specs out.
    swcrc: false,
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, verbatimModuleSyntax: true },
    },
    module: { type: 'es6' },
  },
];
const ring = (displayName, testMatch) => ({
  displayName,
  rootDir: import.meta.dirname,
  testMatch,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.tools/'],
  transform: { '^.+\\.ts$': swc },
});

/** One project per ring (docs/architecture.md, "Tests"); `--selectProjects` runs one alone. */
export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/scripts/summary-reporter.mjs'],
  projects: [
    ring('unit', ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/harness/**/*.spec.ts']),
    ring('data-plane', ['<rootDir>/test/data-plane/**/*.spec.ts']),
    ring('standalone', ['<rootDir>/test/standalone/**/*.spec.ts']),
    ring('control-plane', ['<rootDir>/test/control-plane/**/*.spec.ts']),
    ring('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
  ],
};
