/** The package as npm packs it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ended } from './cli.ts';

const root = join(import.meta.dirname, '../..');

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The peer dependencies that only the local AWS needs. */
export const optionalPeers = Object.keys(manifest.peerDependenciesMeta);

/** The packages of the Temporal SDK, all of which are peer dependencies. */
export const temporalPeers = Object.keys(manifest.peerDependencies).filter((name) =>
  name.startsWith('@temporalio/'),
);

/**
 * Packs the package, as `npm publish` does.
 *
 * @returns the path of the tarball in `folder`
 */
export function pack(folder: string): string {
  // The set-up of the tests has built it already.
  const options = ['--silent', '--ignore-scripts', '--pack-destination', folder];
  return join(folder, execFileSync('npm', ['pack', ...options], { cwd: root, encoding: 'utf8' }).trim());
}

/** Expects that a command has failed because the packages of the local AWS are missing, with one line that says what to install. */
export function saysWhatToInstall({ code, stdout, stderr }: Ended): void {
  const [line = ''] = /^.*The local AWS needs .*: npm install [\w@/ -]*$/m.exec(stderr) ?? [];
  expect([code, stdout]).toEqual([1, '']);
  expect(optionalPeers.filter((name) => !line.includes(` ${name}@`))).toEqual([]);
}
