/** What the published npm package must do: each row removes one behaviour, and a test must then fail. */
import type { Behaviour } from './behaviour.ts';

const tests = ['test/package/packed'];

export const PACKAGE: readonly Behaviour[] = [
  {
    what: 'without its packages, the local AWS says what to install',
    file: 'local-aws/index.ts',
    code: 'requirePackages();',
    without: 'void requirePackages;',
    tests,
    named: 'says in one line what to install',
  },
  {
    what: 'a bundle of another version of the Temporal SDK is not used',
    file: 'src/worker/workflow-code.ts',
    code: 'index: `workflow-bundle-${sdkVersion}.js`',
    without: "index: 'workflow-bundle-1.24.0.js'",
    tests,
    named: 'with another, it bundles the workflows',
  },
  {
    what: 'a worker with packages of different versions of the Temporal SDK does not start',
    file: 'src/worker/worker-options.ts',
    code: '  requireOneSdkVersion();\n',
    without: '  void requireOneSdkVersion;\n',
    tests,
    named: 'different versions does not start',
  },
];
