import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Prints which large packages a process has after it has loaded the command line. */
const script = `
  import { createRequire } from 'node:module';
  import '${join(import.meta.dirname, '../dist/src/cli/commands.js')}';
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.endsWith('.js'));
  const large = ['@temporalio/client', '@temporalio/worker', '@temporalio/proto', '@aws-sdk/'];
  console.log(large.filter((name) => loaded.some((path) => path.includes('node_modules/' + name))).join());
`;

test('help, completion of flags and a refused flag need neither the Temporal SDK nor the AWS SDK, which take longer to load', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toBe('\n');
});
