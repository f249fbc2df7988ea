/** `npm run check:deploy`: checks the CloudFormation templates in `deploy/` with cfn-lint. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pythonEnvironment } from './python.ts';

// This file runs as dist/dev/check-deploy.js.
const root = path.join(import.meta.dirname, '../..');
const requirements = path.join(root, 'dev/deploy-requirements.txt');
const environment = pythonEnvironment([requirements], path.join(root, '.local/python'));

if (environment.interpreter === undefined) {
  console.log(`deploy/ is not checked, because cfn-lint cannot be installed: ${environment.problem}`);
} else {
  const templates = readdirSync(path.join(root, 'deploy')).map((name) => path.join('deploy', name));
  const { interpreter } = environment;
  // cfn-lint is no module that Python can run.
  const script = path.join(path.dirname(interpreter), 'cfn-lint');
  const { status, error } = spawnSync(interpreter, [script, '--', ...templates], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error) throw error;
  process.exitCode = status ?? 1;
}
