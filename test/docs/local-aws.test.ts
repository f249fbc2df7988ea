/**
 * Tests that the commands in docs/local-aws.md work, and that its tables agree with the code.
 *
 * `UPDATE_DOCS=1 npx jest test/docs/local-aws` regenerates the flags and the table of settings.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as HealthLake from '@aws-sdk/client-healthlake';
import * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import { startChild } from '../../dev/children.ts';
import { freePort } from '../../dev/ports.ts';
import { startServer } from '../../dev/start-server.ts';
import { ENTITY_KINDS, LocalAwsControl } from '../../local-aws/control.ts';
import { help } from '../../local-aws/flags.ts';
import { dicomWebOperations } from '../../local-aws/medical-imaging/dicomweb/protocol.ts';
import { S3_OPERATIONS } from '../../local-aws/s3/routes.ts';
import { defaultSettings } from '../../local-aws/settings.ts';
import { blocksOf } from '../support/blocks.ts';
import { python } from '../support/python.ts';

const root = join(import.meta.dirname, '../..');
const file = join(root, 'docs/local-aws.md');
const isUpdate = Boolean(process.env['UPDATE_DOCS']);

/** The formatter aligns columns, so white space is not compared. */
const withoutPadding = (markdown: string) => markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

/** Compares a part of the document, from the first text up to the next one, with what the code says. */
function expectPart(from: string, to: string, wanted: string): void {
  const markdown = readFileSync(file, 'utf8');
  const start = markdown.indexOf(from);
  const end = markdown.indexOf(to, start + from.length);
  expect({ from, isFound: start >= 0 && end > start }).toEqual({ from, isFound: true });
  if (isUpdate) writeFileSync(file, markdown.slice(0, start) + wanted + markdown.slice(end));
  else expect(withoutPadding(markdown.slice(start, end))).toBe(withoutPadding(wanted));
}

/** The cells of the tables of a section, without the rows of their heads. */
function rowsOf(section: string): string[][] {
  const markdown = readFileSync(file, 'utf8');
  const [, text = ''] = markdown.split(`\n## ${section}\n`);
  const rows = [...(text.split('\n## ')[0] ?? '').matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) =>
    row.split(' | ').map((cell) => cell.trim()),
  );
  return rows.slice(2);
}

const namesIn = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);

test('the flags are those of --help', () => {
  const comment = '<!-- output of: npx aws-health-workflows local-aws --help -->\n\n```text\n';
  expectPart(comment, '```\n', `${comment}${help}\n`);
});

/** The settings, grouped by their comments: those below one comment are a group. */
function settingGroups() {
  const source = readFileSync(join(root, 'local-aws/settings.ts'), 'utf8');
  const [, members = ''] = /export interface Settings \{\n(.*?)\n\}/s.exec(source) ?? [];
  return [...members.matchAll(/\/\*\*([^]*?)\*\/\n((?: {2}\w+: .*;(?:\n|$))+)/g)].map(
    ([, comment = '', declarations = '']) => {
      const text = comment.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim();
      const [what = '', basis = ''] = text.split('@basis').map((part) => part.trim());
      return { what, basis, settings: [...declarations.matchAll(/(\w+): (.*);/g)] };
    },
  );
}

test('the table of settings has each with its default and what that rests on', () => {
  const groups = settingGroups();
  const names = groups.flatMap(({ settings }) => settings.map(([, name = '']) => name));
  expect(names).toEqual(Object.keys(defaultSettings));
  const rows = groups.map(({ what, basis, settings }) => {
    expect([what, ['documented', 'field', 'guess', 'ours'].includes(basis)]).toEqual([what, true]);
    const defaults = settings.map(([, name = '', type = '']) => {
      const standard = String(Object.entries(defaultSettings).find(([of]) => of === name)?.[1]);
      const choices = type.split(' | ').flatMap((choice) => /^'(.*)'$/.exec(choice)?.[1] ?? []);
      const values = [standard, ...choices.filter((choice) => choice !== standard)];
      return values.map((value) => (value === '' ? 'none' : `\`${value}\``)).join(' or ');
    });
    const setting = settings.map(([, name]) => `\`${name}\``).join(', ');
    return `| ${[setting, defaults.join(', '), what, basis].join(' | ')} |`;
  });
  const head = '| setting | default | what it is | basis |\n| --- | --- | --- | --- |\n';
  expectPart('\n| setting ', '\n\n', `\n${head}${rows.join('\n')}`);
});

test('the table of endpoints has each verb of the control, and the kinds of things', () => {
  const verbs = Object.getOwnPropertyNames(LocalAwsControl.prototype).filter(
    (name) => name !== 'constructor',
  );
  const documented = rowsOf('Faults on demand').flatMap(([endpoint]) => namesIn(endpoint));
  expect(documented.toSorted()).toEqual(verbs.toSorted());
  const [, kinds = ''] = /^`kind` is (.*?)\. /ms.exec(readFileSync(file, 'utf8')) ?? [];
  expect(namesIn(kinds)).toEqual(ENTITY_KINDS);
});

/** The operations of SQS that the local AWS has: the names of its handlers. */
const sqsOperations = ['queue', 'message'].flatMap((kind) =>
  [
    ...readFileSync(join(root, `local-aws/sqs/${kind}-handlers.ts`), 'utf8').matchAll(
      /^ {4}(?:async )?([A-Z]\w+)\(/gm,
    ),
  ].map(([, name = '']) => name),
);

const operationsOf = (sdk: object) =>
  Object.keys(sdk).flatMap((name) => (/^\w+Command$/.test(name) ? [name.replace(/Command$/, '')] : []));

test.each([
  ['HealthImaging', operationsOf(MedicalImaging)],
  ['HealthLake', operationsOf(HealthLake)],
  ['DICOMweb', dicomWebOperations.filter((name) => /^(Get|Search)/.test(name))],
  ['S3', [...S3_OPERATIONS]],
  ['SQS', sqsOperations],
])('the table of operations has all of %s', (service, operations) => {
  const documented = rowsOf('What is covered').flatMap(([of, names]) =>
    of === service ? namesIn(names) : [],
  );
  expect(documented.toSorted()).toEqual(operations.toSorted());
});

describe('the commands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'local-aws-doc-'));
  const [start = '', ...blocks] = blocksOf('docs/local-aws.md', 'sh');
  let aws: Awaited<ReturnType<typeof startServer<Started>>>;

  type Started = ReturnType<typeof startChild> & { url: string };

  beforeAll(async () => {
    aws = await startServer(
      async () => {
        const port = await freePort(0);
        const flags = start
          .trim()
          .replace('npx aws-health-workflows local-aws ', '')
          .replace('4566', String(port));
        const args = flags.replace('/tmp/aws', join(folder, 'aws')).split(' ');
        const child = startChild(process.execPath, [join(root, 'dist/src/cli.js'), 'local-aws', ...args], {
          name: 'local-aws',
          logFile: join(folder, 'log'),
        });
        return { ...child, url: `http://127.0.0.1:${port}` };
      },
      async ({ output, url }) => output().includes(url),
    );
  });
  afterAll(async () => {
    await aws.stop();
    rmSync(folder, { recursive: true });
  });

  const interpreter = python();
  (interpreter === undefined ? describe.skip : describe)('of the AWS CLI', () => {
    test('do what the text below them shows', async () => {
      // test/examples/pytest.test.ts runs the commands for pytest.
      const script = blocks
        .filter((block) => !block.includes('pytest'))
        .join('\n')
        .replaceAll('http://127.0.0.1:4566', aws.url)
        .replaceAll('/tmp/aws', join(folder, 'aws'));
      const cli = `exec 2>&1\naws() { "${interpreter}" -m awscli "$@"; }\n`;
      // For this operation the AWS CLI adds a prefix to the host name, unless the environment variables of the document prevent
      // it.
      const search = `aws medical-imaging search-image-sets --datastore-id ${'a'.repeat(32)} || true`;
      const { stdout } = await promisify(execFile)('bash', ['--norc', '-e', '-c', cli + script + search], {
        cwd: root,
        env: { PATH: process.env['PATH'], HOME: folder },
      });
      const shown = blocksOf('docs/local-aws.md', 'text').slice(1);
      const lines = shown
        .filter((text) => !text.includes('passed'))
        .flatMap((text) => text.trim().split('\n'));
      expect(lines.length).toBeGreaterThan(10);
      for (const line of lines) expect(steady(stdout)).toContain(steady(line));
      expect(stdout).toContain('(ResourceNotFoundException) when calling the SearchImageSets operation');
    });
  });

  test('of JavaScript, in a package of its own', async () => {
    const [program = ''] = blocksOf('docs/local-aws.md', 'js');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/aws-health-workflows'));
    symlinkSync(join(root, 'node_modules/@aws-sdk'), join(folder, 'node_modules/@aws-sdk'));
    writeFileSync(join(folder, 'program.mjs'), program);
    const { stdout } = await promisify(execFile)(process.execPath, ['program.mjs'], { cwd: folder });
    expect(stdout).toMatch(/datastoreName: 'radiology',\s+datastoreStatus: 'ACTIVE'/);
  });
});

/** The output without what differs from run to run: ids, times and the numbers of calls. */
const steady = (output: string) =>
  output
    .replaceAll(/[0-9a-f]{32}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/"(number|time)":\d+/g, '"$1":N');
