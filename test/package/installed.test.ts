/**
 * The packed package works for those who install it: with the oldest and the newest version of Temporal, with and without the
 * packages that only the local AWS needs.
 *
 * Each installation takes half a minute, so `npm test` skips this file. `npm run test:package` runs it. With `UPDATE_DOCS=1` it also
 * writes the installed sizes into docs/installing.md.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type Child } from '../../dev/children.ts';
import { freePort } from '../../dev/ports.ts';
import { localAws, until, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { blocksOf } from '../support/blocks.ts';
import { required, startCluster, type Cluster } from '../support/cluster.ts';
import { ExamplePackage } from '../support/example-package.ts';
import { manifest, pack, saysWhatToInstall, temporalPeers } from '../support/packed.ts';
import { program, runFlows, type Aws } from './run-flows.ts';

const root = join(import.meta.dirname, '../..');

/** The first version that the range of the peer dependencies includes. */
const [oldest = ''] = /\d+\.\d+\.\d+/.exec(manifest.peerDependencies['@temporalio/worker'] ?? '') ?? [];
/** The version that the package is built with. */
const newest = manifest.devDependencies['@temporalio/worker'] ?? '';

/** What a user installs besides the package. Without anything, npm installs the newest version of Temporal in the range. */
const TEMPORAL = { [newest]: [], [oldest]: temporalPeers.map((name) => `${name}@${oldest}`) };

let folder: string;
let tarball: string;
let aws: LocalAwsUnderTest;
let cluster: Cluster;
/** The installed sizes with the newest version of Temporal: without the packages of the local AWS, and with them. */
const megabytes: number[] = [];

(process.env['INSTALL'] ? describe : describe.skip)('the installed package', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'packed-'));
    tarball = pack(folder);
    aws = await localAws();
    cluster = await startCluster(aws.endpoint, { withWorker: false });
  });
  afterAll(async () => {
    await cluster.stop();
    await aws.close();
    rmSync(folder, { recursive: true });
  });

  describe.each(Object.entries(TEMPORAL))('with Temporal %s', (version, packages) => {
    let consumer: ExamplePackage;

    beforeAll(() => {
      consumer = new ExamplePackage('delete-image-set', (into) => install(into, [tarball, ...packages]));
      cpSync(join(import.meta.dirname, 'consumer'), consumer.folder, { recursive: true });
      if (version === newest) megabytes.push(sizeOf(consumer.folder));
    }, 300_000);
    afterAll(() => consumer.remove());

    const expectFlows = async (at: Aws) => {
      const log = await runFlows(consumer, cluster, at);
      // The SDK writes this line if it bundles workflows. With the version that the package is built with, they are bundled already.
      expect(log.includes('Workflow bundle created')).toBe(version !== newest);
    };

    test('has one version of Temporal', () => {
      expect(temporalVersions(join(consumer.folder, 'node_modules'))).toEqual([version]);
    });

    test('prints its version', async () => {
      const { stdout } = await consumer.run(`${program} --version`, {});
      expect(stdout).toBe(`${manifest.version}\n`);
    });

    test('has types for a strict program', () => {
      const tsc = join(root, 'node_modules/.bin/tsc');
      const options = '--noEmit --strict --skipLibCheck --module nodenext --target es2022'.split(' ');
      execFileSync(tsc, [...options, 'types.ts'], { cwd: consumer.folder, stdio: 'pipe' });
    });

    test('says in one line what the local AWS needs', async () => {
      saysWhatToInstall(await consumer.run(`${program} local-aws --memory`, {}));
    });

    test('runs flows without the packages of the local AWS', () =>
      expectFlows({ endpoint: aws.endpoint, s3Folder: join(aws.data, 's3') }));

    describe('with the packages of the local AWS', () => {
      let installed: Child;

      beforeAll(async () => {
        const { stderr } = await consumer.run(`${program} local-aws --memory`, {});
        const [, packages = ''] = /npm install (.*)$/m.exec(stderr) ?? [];
        install(consumer.folder, packages.split(' '));
        if (version === newest) megabytes.push(sizeOf(consumer.folder));
        const logFile = join(consumer.folder, 'local-aws.log');
        const args = ['local-aws', '--port', '0', '--json', '--memory', '--fast'];
        installed = startChild(join(consumer.folder, program), args, { name: 'local-aws', logFile });
      }, 300_000);
      afterAll(() => installed.stop());

      test('runs flows on its local AWS', async () => {
        await until(
          async () => installed.output(),
          (output) => output.endsWith('\n'),
        );
        await expectFlows(JSON.parse(installed.output()) as Aws);
      });

      test.each(['node local-aws.mjs', 'node local-aws.cjs'])('%s starts the local AWS', async (command) => {
        expect(await consumer.run(command, {})).toMatchObject({ code: 0, stdout: '{"status":"running"}\n' });
      });

      test('the lines of the README lead to a finished run', () => followReadme(consumer));
    });
  });

  test('the documentation states the installed sizes', () => {
    const file = join(root, 'docs/installing.md');
    const markdown = readFileSync(file, 'utf8');
    if (process.env['UPDATE_DOCS']) {
      const [worker, withLocalAws] = megabytes.map((size) => Math.round(size / 10) * 10);
      const sizes = `About ${worker} MB for a worker, and ${withLocalAws} MB with the local AWS (Linux, x64).`;
      writeFileSync(
        file,
        markdown.replace(/(?<=<!-- sizes -->\n\n).*?(?=\n\n<!-- end of sizes -->)/s, sizes),
      );
      return;
    }
    const stated =
      /^About (\d+) MB for a worker, and (\d+) MB with/m.exec(markdown)?.slice(1).map(Number) ?? [];
    // A new version of a dependency changes the size a little.
    const wrong = megabytes.filter((size, i) => Math.abs(size - (stated[i] ?? 0)) > size / 20);
    expect([megabytes.length, wrong]).toEqual([2, []]);
  });
});

function install(into: string, packages: readonly string[]): void {
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'];
  execFileSync('npm', ['install', ...options, ...packages], { cwd: into, stdio: 'pipe' });
}

/** Runs the second and the third line of the README, on free ports. The first one is what {@link install} has done. */
async function followReadme(consumer: ExamplePackage): Promise<void> {
  const block = blocksOf('README.md', 'sh').find((text) =>
    text.startsWith('npm install aws-health-workflows'),
  );
  const [ports, aws] = [await freePort(0), await freePort(0)];
  const [, servers = '', run = ''] = (block ?? '')
    .replace(
      'temporal server start-dev',
      `"${required('AHW_TEST_TEMPORAL')}" server start-dev --headless --port ${ports}`,
    )
    .replace('local-aws', `local-aws --port ${aws}`)
    .replace('127.0.0.1:4566', `127.0.0.1:${aws}`)
    .split('\n');
  const env = { ...process.env, TEMPORAL_ADDRESS: `127.0.0.1:${ports}` };
  // The shell stays until the end of what it has started in the background, so that all of it can be killed with it.
  const shell = (name: string, line: string) =>
    startChild('/bin/sh', ['-c', `${line}\nwait`], {
      name,
      logFile: join(consumer.folder, `${name}.log`),
      cwd: consumer.folder,
      env,
    });
  const children = [shell('servers', servers)];
  try {
    await until(
      async () => children[0]?.output() ?? '',
      (output) => /^Server: /m.test(output) && /^local AWS: /m.test(output),
    );
    children.push(shell('run', run));
    await until(
      async () => children[1]?.output() ?? '',
      (output) => output.includes('"datastoreStatus": "ACTIVE"'),
    );
  } finally {
    await Promise.all(children.map((child) => child.kill()));
  }
}

/** The versions of all packages of Temporal in a `node_modules` folder and in those inside it. */
function temporalVersions(modules: string): string[] {
  const manifests = readdirSync(modules, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(^|\/)@temporalio\/[^/]+\/package\.json$/.test(path),
  );
  const versions = manifests.map((path): { version: string } =>
    JSON.parse(readFileSync(join(modules, path), 'utf8')),
  );
  return [...new Set(versions.map(({ version }) => version))].toSorted();
}

/** The size of what npm has installed in a folder, in MB. */
function sizeOf(folder: string): number {
  const entries = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / 1e6;
}
