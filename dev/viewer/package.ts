/** Downloads the OHIF viewer: the build that its authors publish on npm. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../src/lib/user-error.ts';
import type { Say } from '../say.ts';

const run = promisify(execFile);

export interface ViewerPackage {
  /** Name and version on npm. */
  readonly spec: string;
  /** Hash of the tarball, as `npm view … dist.integrity` prints it. */
  readonly integrity: string;
}

/** One folder for all runs of `npm run dev`, also for runs with different data folders, so that one download suffices. */
export const VIEWER_FOLDER = join(import.meta.dirname, '../../../.local/ohif');

/** `npm install` of this package fails, because its dependencies are those of its build. `npm pack` gets just its files. */
export const OHIF: ViewerPackage = {
  spec: '@ohif/app@3.12.10',
  integrity:
    'sha512-0kuF66Mq9c9dMD++bUsTjMrJpXJwaZhz9B4uS244DawAjSkTwIYFU93pxPuRUQixaRi7QAHlF3Fe1qudBlZrmA==',
};

/**
 * The folder of the viewer's files. The first time it downloads them (48 MB) and unpacks them (150 MB) into `folder`.
 *
 * @throws UserError with a message of one line if the download fails, or if its hash is not the expected one
 */
export async function bringViewer(
  folder: string,
  say: Say,
  { spec, integrity }: ViewerPackage = OHIF,
): Promise<string> {
  const version = spec.slice(spec.lastIndexOf('@') + 1);
  const unpacked = join(folder, version);
  const files = join(unpacked, 'package/dist');
  if (await stat(files).catch(() => undefined)) return files;
  say(`Downloading the viewer, 48 MB, once: npm pack ${spec}`);
  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, 'new-'));
  try {
    const tarball = await download(temporary, spec);
    const hash = createHash('sha512')
      .update(await readFile(tarball))
      .digest('base64');
    if (`sha512-${hash}` !== integrity)
      throw new UserError(`npm pack ${spec} gave another file than expected.`);
    await run('tar', ['xzf', tarball, '-C', temporary]);
    await rm(tarball);
    // Renaming is atomic: an interrupted start leaves no incomplete folder under this name.
    await rename(temporary, unpacked).catch(async (error: unknown) => {
      // Another process may have brought the viewer in the meantime.
      if (!(await stat(files).catch(() => undefined))) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return files;
}

async function download(folder: string, spec: string): Promise<string> {
  // On a machine that is offline, npm would retry for minutes. If the registry does not answer, it would wait for five minutes. A
  // slow download is no reason to stop: the time-out is for the answer to begin.
  const args = [
    'pack',
    spec,
    '--json',
    '--ignore-scripts',
    '--fetch-retries=0',
    '--fetch-timeout=30000',
    '--pack-destination',
    folder,
  ];
  const { stdout } = await run('npm', args, { env: process.env, timeout: 600_000 }).catch(
    (error: { stderr?: string }) => {
      const reason =
        /^npm (?:error|ERR!) (?:code )?(\w+)$/m.exec(error.stderr ?? '')?.[1] ?? 'npm did not run';
      throw new UserError(`The viewer is not here and cannot be downloaded (npm pack ${spec}: ${reason}).`);
    },
  );
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  return join(folder, packed?.filename.replace('@', '').replace('/', '-') ?? '');
}
