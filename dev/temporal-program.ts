/**
 * Finds a `temporal` program on this machine, or downloads or builds one: the real server with its Web UI, in one file. The
 * demo, `npm run dev` and the tests all use it.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../src/lib/user-error.ts';
import { startChild } from './children.ts';
import { type Say, sayOnStderr } from './say.ts';

const run = promisify(execFile);

/** Later tags have a replace directive in their go.mod, which `go install` rejects. */
const goPackage = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

const help = `There is no Temporal server program here, and none could be fetched. Any one of these helps:
  - install the Temporal CLI: https://docs.temporal.io/cli/setup-cli (brew install temporal)
  - name one that you have: TEMPORAL_CLI_PATH=/path/to/temporal
  - install Go (https://go.dev/dl) and try again, or: go install ${goPackage}
  - allow this machine to download from https://temporal.download`;

export interface Search {
  readonly env?: NodeJS.ProcessEnv;
  readonly say?: Say;
  /** Ways to get a program where none is installed, tried in this order. */
  readonly fetchers?: readonly Fetcher[];
}

type Fetcher = (env: NodeJS.ProcessEnv, say: Say) => Promise<void>;

/** The path of the first program whose output of `--version` is that of Temporal's. Fetches one if there is none. */
export async function findTemporalProgram(search: Search = {}): Promise<string> {
  const { env = process.env, say = sayOnStderr, fetchers = [downloadBySdk, installByGo] } = search;
  const installed = await findInstalled(env, say);
  if (installed !== undefined) return installed;
  for (const fetch of fetchers) {
    await fetch(env, say);
    const fetched = await findInstalled(env, say);
    if (fetched !== undefined) return fetched;
  }
  throw new UserError(help);
}

async function findInstalled(env: NodeJS.ProcessEnv, say: Say): Promise<string | undefined> {
  const named = env['TEMPORAL_CLI_PATH'];
  if (named !== undefined) {
    if (await isTemporal(named)) return named;
    say(`TEMPORAL_CLI_PATH=${named} is not a Temporal program: looking elsewhere.`);
  }
  for (const folder of [...folders(env['PATH']), ...(await goFolders(env))]) {
    const path = join(folder, 'temporal');
    if (await isTemporal(path)) return path;
  }
  for (const path of downloaded(env)) if (await isTemporal(path)) return path;
  return undefined;
}

/** Another program may have the same name. Temporal's prints the version of its server. */
async function isTemporal(path: string): Promise<boolean> {
  return run(path, ['--version'], { timeout: 10_000 }).then(
    ({ stdout }) => /^temporal version .*\(Server /.test(stdout),
    () => false,
  );
}

/** The folder of `go install`, from `go env` because `go env -w` may have changed it. Go may not be installed. */
async function goFolders(env: NodeJS.ProcessEnv): Promise<string[]> {
  const [bin, path] = await run('go', ['env', 'GOBIN', 'GOPATH'], { env }).then(
    ({ stdout }) => stdout.split('\n'),
    () => [env['GOBIN'], env['GOPATH']],
  );
  return [...folders(bin), ...[...folders(path), join(home(env), 'go')].map((folder) => join(folder, 'bin'))];
}

const folders = (list: string | undefined): string[] =>
  (list ?? '').split(delimiter).filter((folder) => folder !== '');

const home = (env: NodeJS.ProcessEnv): string => env['HOME'] ?? homedir();

const cacheFolder = (env: NodeJS.ProcessEnv): string =>
  join(env['XDG_CACHE_HOME'] ?? join(home(env), '.cache'), 'aws-health-workflows');

/** The SDK's download has the SDK's version in its file name, so it is found by the prefix. */
function downloaded(env: NodeJS.ProcessEnv): string[] {
  const folder = cacheFolder(env);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.startsWith('temporal')).map((name) => join(folder, name));
}

/** The SDK downloads the program only when it starts a test server, and cannot be cancelled. A child process can be killed. */
async function downloadBySdk(env: NodeJS.ProcessEnv, say: Say): Promise<void> {
  const script = `
    import { TestWorkflowEnvironment } from '@temporalio/testing';
    const executable = { type: 'cached-download', downloadDir: process.argv[1] };
    try {
      await (await TestWorkflowEnvironment.createLocal({ server: { executable } })).teardown();
    } catch (error) {
      console.error(error.message);
      process.exit(1);
    }`;
  say('No Temporal program is installed: downloading it.');
  const args = ['--input-type=module', '--eval', script, cacheFolder(env)];
  await fetchBy(process.execPath, args, { what: 'The download of Temporal', minutes: 1.5, env, say });
}

export async function installByGo(env: NodeJS.ProcessEnv, say: Say): Promise<void> {
  const hasGo = await run('go', ['version'], { env }).then(
    () => true,
    () => false,
  );
  if (!hasGo) return;
  say(`Building Temporal from its source, about 3 minutes, once: go install ${goPackage}`);
  await fetchBy('go', ['install', '-v', goPackage], { what: 'go install', minutes: 20, env, say });
}

interface Fetching {
  readonly what: string;
  readonly minutes: number;
  readonly env: NodeJS.ProcessEnv;
  readonly say: Say;
}

/** Runs a download or a build with a time limit, and prints its progress every ten seconds. */
async function fetchBy(
  program: string,
  args: string[],
  { what, minutes, env, say }: Fetching,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-fetch-'));
  mkdirSync(cacheFolder(env), { recursive: true });
  const logFile = join(folder, 'log');
  const child = startChild(program, args, { name: what, logFile, env, cwd: import.meta.dirname });
  const began = Date.now();
  const signOfLife = setInterval(() => {
    const lastLine = readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    say(`  ${Math.round((Date.now() - began) / 1_000)} s  ${lastLine}`);
  }, 10_000);
  const deadline = setTimeout(() => void child.kill(), minutes * 60_000);
  const code = await child.exited;
  clearInterval(signOfLife);
  clearTimeout(deadline);
  if (code !== 0) say(`${what} did not succeed: ${child.lastWords()}`);
  rmSync(folder, { recursive: true });
}
