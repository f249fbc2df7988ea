/**
 * What npm packs is complete: what it imports is declared, what it links to is there, and without the packages that only the local AWS
 * needs it says what to install. `installed.test.ts` installs it with npm.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { blocksOf } from '../support/blocks.ts';
import { runIn } from '../support/example-package.ts';
import { manifest, optionalPeers, pack, saysWhatToInstall } from '../support/packed.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'packed-'));
const modules = join(folder, 'node_modules');
const packed = join(modules, 'aws-health-workflows');
const program = 'node node_modules/aws-health-workflows/dist/src/cli.js';
const run = (command: string) =>
  runIn(folder, command, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });

beforeAll(() => {
  mkdirSync(packed, { recursive: true });
  const tarball = pack(folder);
  execFileSync('tar', ['-xzf', tarball, '-C', packed, '--strip-components=1']);
  for (const name of installedIn(join(root, 'node_modules'))) {
    if (!optionalPeers.includes(name)) link(name);
  }
  cpSync(join(import.meta.dirname, 'consumer'), folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The names of the packages in a `node_modules` folder. */
function installedIn(modules: string): string[] {
  const entries = readdirSync(modules).filter((name) => !name.startsWith('.'));
  return entries.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

function link(name: string): void {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), join(modules, name));
}

describe('dependencies', () => {
  /** The packages that the programs of a folder import, by the text of their `import` statements. */
  const importedIn = (folder: string) => {
    const files = readdirSync(join(packed, folder), { recursive: true, encoding: 'utf8' });
    // The bundles of the workflows contain the packages that they import.
    const programs = files.filter((path) => /(?<!-bundle-[\d.]+)\.js$/.test(path));
    const specifiers = programs.flatMap((path) =>
      [...readFileSync(join(packed, folder, path), 'utf8').matchAll(IMPORT)].map(([, found = '']) => found),
    );
    return new Set(specifiers.map(packageOf).filter((name) => !isBuiltin(name)));
  };

  test('everything that the package imports is a dependency or a peer', () => {
    const imported = importedIn('dist');
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies, 'aws-health-workflows': '' };
    expect(imported).toContain('@cornerstonejs/codec-openjph');
    expect([...imported].filter((name) => !(name in declared))).toEqual([]);
  });

  test('what only the local AWS imports is optional, unless another dependency brings it anyway', () => {
    const worker = importedIn('dist/src');
    const onlyLocalAws = [...importedIn('dist/local-aws')].filter((name) => !worker.has(name));
    const brought = ['@aws-sdk/checksums', '@aws-sdk/xml-builder', 'aws-health-workflows'];
    expect(onlyLocalAws.filter((name) => !brought.includes(name)).toSorted()).toEqual(optionalPeers);
  });

  test('every peer is installed by npm ci too', () => {
    const missing = Object.keys(manifest.peerDependencies).filter(
      (name) => !(name in manifest.devDependencies),
    );
    expect(missing).toEqual([]);
  });
});

/** An import of a package, not in a comment. */
const IMPORT = /^(?!\s*(?:\/\/|\/?\*)).*(?:\bfrom |\bimport\()'([^.'][^']*)'/gm;

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

test('the command line prints its version, and lists its commands', async () => {
  expect(await run(`${program} --version`)).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  const { stdout } = await run(`${program} --help`);
  const commands = [...stdout.matchAll(/^ {2}(?:npx )?aws-health-workflows ([\w-]+)/gm)].map(
    ([, name]) => name,
  );
  expect(commands).toEqual(expect.arrayContaining(['start', 'worker', 'local-aws', 'doctor', 'replay']));
});

describe('the local AWS', () => {
  const starts = ['node local-aws.mjs', 'node local-aws.cjs'];

  test.each([`${program} local-aws --memory --port 0`, ...starts])(
    'without its packages, %s says in one line what to install',
    async (command) => saysWhatToInstall(await run(command)),
  );

  test.each(['README.md', 'docs/installing.md'])('%s names the same packages', async (document) => {
    const { stderr } = await run(`${program} local-aws --memory`);
    const [, packages = ''] = /npm install (.*\n)$/.exec(stderr) ?? [];
    const wanted = `npm install aws-health-workflows ${packages}`;
    expect(blocksOf(document, 'sh').filter((block) => block.startsWith(wanted))).toHaveLength(1);
  });

  test.each(starts)('with its packages, %s starts it', async (command) => {
    for (const name of optionalPeers) if (!existsSync(join(modules, name))) link(name);
    expect(await run(command)).toMatchObject({ code: 0, stdout: '{"status":"running"}\n' });
  });
});

describe('the Temporal SDK', () => {
  /** Replaces the link to a package by a package that has another version, and the same code. */
  const pretend = (name: string, version: string) => {
    rmSync(join(modules, name));
    mkdirSync(join(modules, name));
    writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name, version }));
    const real = JSON.stringify(join(root, 'node_modules', name));
    writeFileSync(join(modules, name, 'index.js'), `module.exports = require(${real});\n`);
  };
  const code = async () => {
    const module = './node_modules/aws-health-workflows/dist/src/worker/workflow-code.js';
    const script = `import('${module}').then(({ workflowCode }) => console.log(JSON.stringify(workflowCode())))`;
    const { stdout } = await run(`node -e "${script}"`);
    return JSON.parse(stdout) as unknown;
  };

  test('with the version that built the bundle, the worker uses the bundle; with another, it bundles the workflows', async () => {
    expect(await code()).toEqual({ workflowBundle: { codePath: expect.stringMatching(/workflow-bundle/) } });
    pretend('@temporalio/worker', '1.13.2');
    expect(await code()).toEqual({ workflowsPath: expect.stringMatching(/workflows\/index\.js$/) });
  });

  test('a worker whose packages have different versions does not start, and says how to install one', async () => {
    const { code, stderr } = await run(`${program} worker`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The packages of the Temporal SDK are of different versions: .*npm install @temporalio.*\n$/,
    );
  });
});

describe('links', () => {
  const documents = () =>
    readdirSync(packed, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));

  test('of all packed documents resolve: to a packed file, and to a heading in it', () => {
    expect(documents()).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/flows.md']));
    const broken = documents().flatMap((document) =>
      linksIn(document).flatMap((target) => (resolves(document, target) ? [] : [`${document} → ${target}`])),
    );
    expect(broken).toEqual([]);
  });

  /** The relative links of a document. */
  const linksIn = (document: string) =>
    [...withoutCode(readFileSync(join(packed, document), 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(
      ([, target = '']) => (/^\w+:/.test(target) ? [] : [target]),
    );

  const withoutCode = (markdown: string) =>
    markdown.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, 'code');

  function resolves(document: string, target: string): boolean {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(packed, document) : join(packed, dirname(document), path);
    if (relative(packed, file).startsWith('..') || !existsSync(file)) return false;
    return anchor === undefined || headingsOf(readFileSync(file, 'utf8')).includes(anchor);
  }

  /** The anchors that GitHub and npm make of the headings. */
  const headingsOf = (markdown: string) =>
    [...markdown.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    );
});
