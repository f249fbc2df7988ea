/** @type {import('jest').Config} */
module.exports = { testEnvironment: './local-aws-environment.mjs', testMatch: ['<rootDir>/*.test.cjs'] };
