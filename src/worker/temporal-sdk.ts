/** Which version of the Temporal SDK is installed, and whether all its packages have the same version. */
import { createRequire } from 'node:module';
import { UserError } from '../lib/user-error.ts';

const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  const { version }: { version: string } = require(`@temporalio/${name}/package.json`);
  return version;
}

/** The version of the worker, which runs the workflow code. */
export const sdkVersion = versionOf('worker');

/**
 * The other packages that must have the version of the worker, because they call each other's internal interfaces.
 * `@temporalio/envconfig` only reads settings, and is not released with every version.
 */
const OTHERS = ['activity', 'client', 'common', 'workflow'];

/**
 * npm installs packages of different versions without an error, if only some of them are named in a version that is not the newest.
 *
 * @throws UserError with the command that installs one version of all packages
 */
export function requireOneSdkVersion(): void {
  const different = OTHERS.filter((name) => versionOf(name) !== sdkVersion);
  if (different.length === 0) return;
  const found = different.map((name) => `@temporalio/${name} is ${versionOf(name)}`).join(', ');
  const all = OTHERS.map((name) => `@temporalio/${name}@${sdkVersion}`).join(' ');
  throw new UserError(
    `The packages of the Temporal SDK are of different versions: @temporalio/worker is ${sdkVersion}, ${found}. ` +
      `Install one version: npm install @temporalio/worker@${sdkVersion} ${all}`,
  );
}
