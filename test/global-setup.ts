/** Prepares once what all test files need: a `temporal` program, and `dist/` with the workflow bundle. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findTemporalProgram } from '../dev/temporal-program.ts';
import { BUNDLES } from '../src/worker/workflow-code.ts';

const root = join(import.meta.dirname, '..');
const bundle = join(root, 'dist/src', BUNDLES.index);

/** jest's workers inherit the environment, so test files read the paths from these variables. */
export default async function globalSetup(): Promise<void> {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  process.env['AHW_TEST_TEMPORAL'] = await findTemporalProgram();
  process.env['AHW_TEST_BUNDLE'] = bundle;
  if (!existsSync(bundle) || statSync(bundle).mtimeMs < newest(['src', 'local-aws', 'dev', 'bench'])) build();
}

/** The modification time of the newest file in these folders. */
function newest(folders: readonly string[]): number {
  const present = folders.map((folder) => join(root, folder)).filter(existsSync);
  const entries = present.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }));
  const files = entries.filter((entry) => entry.isFile());
  return Math.max(0, ...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}

/** Tests that kill processes run the built programs, and all workers load the workflow bundle, which a build writes last. */
function build(): void {
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build fails, and the tests need it:\n${stdout}`);
}
