/** What every test file needs and only one should make: a Temporal program, `dist/` and in it the workflow bundle. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findTemporalProgram } from '../dev/temporal-program.ts';

const root = join(import.meta.dirname, '..');
const bundle = join(root, 'dist/src/workflow-bundle.js');

/** jest's workers inherit the environment: that is how test files learn of these. */
export default async function globalSetup(): Promise<void> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  process.env['AHW_TEST_TEMPORAL'] = await findTemporalProgram();
  process.env['AHW_TEST_BUNDLE'] = bundle;
  if (!existsSync(bundle) || statSync(bundle).mtimeMs < newest(['src', 'local-aws', 'dev', 'bench'])) build();
}

/** When the newest file in these folders was written. */
function newest(folders: readonly string[]): number {
  const present = folders.map((folder) => join(root, folder)).filter(existsSync);
  const entries = present.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }));
  const files = entries.filter((entry) => entry.isFile());
  return Math.max(0, ...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}

/** Tests that kill processes run the built program, and all workers load the bundle, the last thing that a build makes. */
function build(): void {
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build fails, and the tests need it:\n${stdout}`);
}
