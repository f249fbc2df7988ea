/** Runs the commands of a page of the documentation exactly as they are in it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { LocalAwsUnderTest } from '../local-aws/harness.ts';
import { required, type Cluster } from './cluster.ts';

const root = join(import.meta.dirname, '../..');

export interface Page {
  readonly text: string;
  /** The folder in which the commands run. */
  readonly folder: string;
  /** Runs commands as one script. The first that fails ends the script, and fails the test. @returns what they print */
  run(blocks: readonly string[]): Promise<string>;
  close(): void;
}

/** A page whose commands use a local AWS and a cluster as if `npm run dev` had started them. */
export function openPage(file: string, aws: LocalAwsUnderTest, cluster: Cluster): Page {
  const folder = mkdtempSync(join(tmpdir(), 'doc-test-'));
  const program = (name: string, script: string) => {
    mkdirSync(join(folder, 'bin'), { recursive: true });
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  mkdirSync(join(folder, '.local'));
  symlinkSync(aws.data, join(folder, '.local/aws'));
  // The link that npm creates when it installs the package.
  program('npx', `shift; exec "${process.execPath}" "${join(root, 'dist/src/cli.js')}" "$@"`);
  program('temporal', `exec "${required('AHW_TEST_TEMPORAL')}" "$@"`);
  return {
    text: readFileSync(join(root, file), 'utf8'),
    folder,
    run: async (blocks) => {
      const script = blocks.join('\n').replaceAll('http://127.0.0.1:4566', aws.endpoint);
      const { stdout } = await promisify(execFile)('bash', ['--norc', '-eo', 'pipefail', '-c', script], {
        cwd: folder,
        env: {
          PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
          HOME: folder,
          TEMPORAL_ADDRESS: cluster.address,
          TEMPORAL_TASK_QUEUE: cluster.taskQueue,
        },
      });
      return stdout;
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** The shell commands of a page or of a part of it, block by block. */
export const shellBlocksOf = (text: string) =>
  [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
