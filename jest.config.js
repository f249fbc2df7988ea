/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  testTimeout: 60_000,
  globalSetup: '<rootDir>/test/global-setup.ts',
  // Two cores: a file more in parallel would only starve the Temporal servers of the others.
  maxWorkers: 2,
};
