/** What every test file needs and only one should make: a Temporal program, the built `dist/`, the workflow bundle. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { findTemporalProgram } from '../dev/temporal-program.ts';

const root = join(import.meta.dirname, '..');
const workflowsPath = join(root, 'src/workflows/index.ts');

/** jest's workers inherit the environment: that is how test files learn of these. */
export default async function globalSetup(): Promise<void> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  process.env['AHW_TEST_TEMPORAL'] = await findTemporalProgram();
  if (newest(['dist']) < newest(['src', 'local-aws', 'dev', 'bench'])) build();
  if (existsSync(workflowsPath)) process.env['AHW_TEST_BUNDLE'] = await bundle();
}

/** When the newest file in these folders was written; 0 where there is none. */
function newest(folders: readonly string[]): number {
  const present = folders.map((folder) => join(root, folder)).filter(existsSync);
  const entries = present.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }));
  const files = entries.filter((entry) => entry.isFile());
  return Math.max(0, ...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}

/** Tests that kill processes run the built program. Types are the business of `npm run check`: tsc emits either way. */
function build(): void {
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: root, encoding: 'utf8' });
  if (status !== 0)
    process.stderr.write(`The build has errors, and the tests run what it emitted:\n${stdout}`);
}

/** Making it takes longer than starting a worker, so the workers of all test files share one. */
async function bundle(): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const path = join(tmpdir(), `ahw-test-bundle-${process.pid}.js`);
  writeFileSync(path, code);
  process.once('exit', () => rmSync(path, { force: true }));
  return path;
}
