/** Runs an example as a user would: in its own package, compiled and started with the commands of its README. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startChild, type Child } from '../../dev/children.ts';
import type { Ended } from './cli.ts';

const root = join(import.meta.dirname, '../..');

export class ExamplePackage {
  readonly folder = mkdtempSync(join(tmpdir(), 'example-'));
  readonly readme: string;

  /**
   * @param name - the name of the folder in `examples/`
   * @param install - installs the package and its dependencies into a folder that has a `package.json`
   */
  constructor(name: string, install = linkPackages) {
    cpSync(join(root, 'examples', name), this.folder, { recursive: true });
    this.readme = readFileSync(join(this.folder, 'README.md'), 'utf8');
    writeFileSync(join(this.folder, 'package.json'), '{"type": "module"}');
    install(this.folder);
    const PATH = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    const options = { cwd: this.folder, env: { ...process.env, PATH }, stdio: 'pipe' } as const;
    execFileSync('/bin/sh', ['-c', this.command(/npx (tsc .*)/)], options);
  }

  /** Finds a command in the README. */
  command(pattern: RegExp): string {
    const found = pattern.exec(this.readme);
    if (!found) throw new Error(`The README of the example has no ${pattern}.`);
    return found[1] ?? found[0];
  }

  /** Runs a command line in the package with a shell. */
  run(command: string, env: NodeJS.ProcessEnv): Promise<Ended> {
    return runIn(this.folder, command, env);
  }

  start(script: string, env: NodeJS.ProcessEnv): Child {
    return startChild(process.execPath, [script], {
      name: script,
      logFile: join(this.folder, `${script}.log`),
      cwd: this.folder,
      env: { ...process.env, ...env },
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Runs a command line in a folder with a shell. */
export function runIn(folder: string, command: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, ...env }, timeout: 60_000 };
    execFile('/bin/sh', ['-c', command], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** What is there after `npm install`: links to the package and to its dependencies. */
function linkPackages(folder: string): void {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/aws-health-workflows'));
  for (const scope of ['@temporalio', '@types']) {
    symlinkSync(join(root, 'node_modules', scope), join(folder, 'node_modules', scope));
  }
}
