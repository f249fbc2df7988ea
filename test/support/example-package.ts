/** An example as a team would have it: in a package of its own, compiled and started as its README says. */
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

  /** @param name - of the folder below `examples/` */
  constructor(name: string) {
    cpSync(join(root, 'examples', name), this.folder, { recursive: true });
    this.readme = readFileSync(join(this.folder, 'README.md'), 'utf8');
    writeFileSync(join(this.folder, 'package.json'), '{"type": "module"}');
    // What `npm install` would make, for the package and for what it depends on.
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(root, join(this.folder, 'node_modules/aws-health-workflows'));
    for (const scope of ['@temporalio', '@types']) {
      symlinkSync(join(root, 'node_modules', scope), join(this.folder, 'node_modules', scope));
    }
    const PATH = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    const options = { cwd: this.folder, env: { ...process.env, PATH }, stdio: 'pipe' } as const;
    execFileSync('/bin/sh', ['-c', this.command(/npx (tsc .*)/)], options);
  }

  /** A command of the README. */
  command(pattern: RegExp): string {
    const found = pattern.exec(this.readme);
    if (!found) throw new Error(`The README of the example has no ${pattern}.`);
    return found[1] ?? found[0];
  }

  /** Runs a command line in the package, as a shell does. */
  run(command: string, env: NodeJS.ProcessEnv): Promise<Ended> {
    return new Promise((resolve) => {
      const options = { cwd: this.folder, env: { ...process.env, ...env }, timeout: 60_000 };
      execFile('/bin/sh', ['-c', command], options, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
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
