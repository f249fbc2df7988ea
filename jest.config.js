/** @type {import('jest').Config} */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$|node_modules/jose/.*\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  // jose has ES modules only, which jest cannot load with Node 20.
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
  testTimeout: 120_000,
  globalSetup: '<rootDir>/test/global-setup.ts',
  // The tests wait for servers much of the time: four files at a time on two cores.
  maxWorkers: 4,
  // Programs of other Node versions and the state of `npm run dev`.
  modulePathIgnorePatterns: ['<rootDir>/.local/'],
};
