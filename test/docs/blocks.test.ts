/** A test runs every shell command and every program of README, docs and examples: this one, or the one that the table names. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localAws, p10, putFiles, until, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { blocksIn, type Block } from '../support/blocks.ts';
import { awsEnvironment, required, withCluster, type Cluster } from '../support/cluster.ts';
import { textOfHistory } from '../support/history-text.ts';
import { fhirImportOf, polling, roleArn } from '../support/inputs.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const markdownIn = (folder: string, depth: number): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 ? markdownIn(path, depth - 1) : [];
    return path.endsWith('.md') ? [path] : [];
  });

const blocks = [
  'README.md',
  'CONTRIBUTING.md',
  ...markdownIn('docs', 1),
  ...markdownIn('examples', 1),
].flatMap(blocksIn);
const runnable = blocks.filter(({ language }) =>
  ['sh', 'ts', 'js', 'bash', 'python', 'java'].includes(language),
);

/** The test that runs a block, by the document and a part of the block's text. */
const RUN_BY: readonly (readonly [file: RegExp, part: RegExp, test: string])[] = [
  [/^README/, /^npm ci && npm run demo .*\nnpm ci && npm test /, 'test/dev/demo.test.ts'],
  [/^README|^docs\/installing/, /^npm install aws-health-workflows/, 'test/package/installed.test.ts'],
  [/^README/, /^npm run dev$/m, 'test/dev/dev.test.ts'],
  [/^README/, /^npx aws-health-workflows/, 'test/dev/dev.test.ts'],
  [/^README/, /^npx aws-health-workflows worker$/m, 'test/worker.test.ts'],
  [/^README/, /^\/\/ import\.mjs/, 'test/docs/blocks.test.ts'],
  [/^docs\/flows\.md/, /awsEvent/, 'test/docs/blocks.test.ts'],
  [/^docs\/flows\//, /^temporal workflow start/m, 'test/docs/commands.test.ts'],
  [/^docs\/deploying\.md/, /./, 'test/docs/deploying.test.ts'],
  [/^docs\/privacy\.md/, /record/, 'test/cli.test.ts'],
  [/^docs\/bulk-imports\.md/, /./, 'test/fleet/bulk-imports-doc.test.ts'],
  [/^docs\/events\.md/, /./, 'test/events-doc.test.ts'],
  [/^docs\/recurring-imports\.md/, /./, 'test/recurring-imports-doc.test.ts'],
  [/^docs\/own-worker\.md/, /dataConverter/, 'test/examples/encrypted-payloads.test.ts'],
  [/^docs\/encryption\.md/, /^npm run dev -- --encrypted$/m, 'test/dev/encrypted.test.ts'],
  [/^docs\/encryption\.md/, /codec-server/, 'test/payloads/codec-server.test.ts'],
  [
    /^docs\/encryption\.md/,
    /PAYLOAD_KEYS|openssl|failureConverterPath/,
    'test/payloads/encrypted-runs.test.ts',
  ],
  // It installs pydicom; the test that it then runs is skipped where pydicom is missing.
  [/^docs\/dicom-import\.md/, /pydicom/, 'test/local-aws/pydicom/comparison.test.ts'],
  [/^docs\/dicomweb\.md/, /^(web|instance)=/m, 'test/local-aws/dicomweb/dicomweb.test.ts'],
  [/^docs\/dicomweb\.md/, /^npm run dev -- --viewer$/m, 'test/dev/dev.test.ts'],
  [/^examples\/delete-image-set/, /./, 'test/examples/delete-image-set.test.ts'],
  [/^examples\/encrypted-payloads/, /./, 'test/examples/encrypted-payloads.test.ts'],
  [/^docs\/local-aws\.md/, /pytest/, 'test/examples/pytest.test.ts'],
  [
    /^docs\/local-aws\.md/,
    /aws-health-workflows local-aws|\baws |startLocalAws/,
    'test/docs/local-aws.test.ts',
  ],
  [/^examples\/pytest/, /./, 'test/examples/pytest.test.ts'],
  [/^examples\/junit/, /./, 'test/examples/junit.test.ts'],
  [/^examples\/jest/, /./, 'test/examples/jest.test.ts'],
];

const isRunBy = ({ file, text }: Block) => RUN_BY.filter(([of, part]) => of.test(file) && part.test(text));

test('every block is run by a test, and the table has no surplus row', () => {
  expect(runnable.filter((block) => isRunBy(block).length === 0)).toEqual([]);
  const used = new Set(runnable.flatMap(isRunBy));
  expect(RUN_BY.filter((row) => !used.has(row))).toEqual([]);
  for (const [, , test] of RUN_BY) expect([test, existsSync(join(root, test))]).toEqual([test, true]);
});

test('every npm script that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...new Set(blocks.map(({ file }) => file))].flatMap((file) =>
    [...read(file).matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name = '']) => name),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test('every file that a document links to exists', () => {
  const links = [...new Set(blocks.map(({ file }) => file))].flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => join(file, '..', link)),
  );
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
});

const block = (file: string, part: string) =>
  runnable.find((one) => one.file === file && one.text.includes(part))?.text ?? '';

const shell = (script: string, env: NodeJS.ProcessEnv, cwd = root) =>
  new Promise<{ code: number; output: string }>((resolve) => {
    execFile('bash', ['--norc', '-e', '-c', script], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });

describe('with a cluster', () => {
  let aws: LocalAwsUnderTest;
  let cluster: Cluster;
  const folder = mkdtempSync(join(tmpdir(), 'blocks-'));
  withCluster(localAws, (...platform) => ([aws, cluster] = platform));
  afterAll(() => rmSync(folder, { recursive: true }));

  const environment = () => ({
    PATH: process.env['PATH'],
    HOME: folder,
    ...awsEnvironment(aws.endpoint),
    TEMPORAL_ADDRESS: cluster.address,
    TEMPORAL_TASK_QUEUE: cluster.taskQueue,
  });

  test('the program of the README imports, and prints how many files were not imported, and why', async () => {
    writeFileSync(join(folder, 'package.json'), '{}');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/aws-health-workflows'));
    writeFileSync(join(folder, 'import.mjs'), block('README.md', '// import.mjs'));
    await putFiles(aws.data, 'incoming', {
      'dicom/1.dcm': p10({ series: '1.2.3.1', instance: '1.2.3.1.1' }),
      'dicom/notes.txt': 'no DICOM',
    });
    const { code, output } = await shell('exec node import.mjs', environment(), folder);
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/scanned: 2,\s+imported: 1,[^]*ValidationException: 1/),
    ]);
  });

  test('the examples of --help', async () => {
    const cli = `"${process.execPath}" "${join(root, 'dist/src/cli.js')}"`;
    const { output: help } = await shell(`${cli} --help`, environment());
    const [, list = ''] = help.split('\nExamples:\n');
    // A backslash continues a command on the next line.
    const examples = [...list.replaceAll(/\\\n */g, '').matchAll(/^ +aws-health-workflows (.*)$/gm)].map(
      ([, words = '']) => words,
    );
    expect(examples.length).toBeGreaterThan(3);
    const { DatastoreId = '' } = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
    await putFiles(aws.data, 'helped', { 'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n' });
    const inputs = {
      startImportAndWaitCompleted: { ...fhirImportOf(DatastoreId, 'helped'), polling },
      importDicomAndSearch: {
        datastoreId: 'd'.repeat(32),
        dataAccessRoleArn: roleArn,
        inputS3Uri: 's3://incoming/dicom/',
        outputS3Uri: 's3://results/',
      },
    };
    for (const words of examples) {
      const [, input = {}] = Object.entries(inputs).find(([flow]) => words.includes(flow)) ?? [];
      writeFileSync(join(folder, 'import.json'), JSON.stringify(input));
      const { code, output } = await shell(`${cli} ${words}`, environment(), folder);
      expect([words, code, output]).toEqual([words, 0, expect.any(String)]);
    }
  });

  test('the signal of an event, and how to find its run', async () => {
    await aws.control.settings({ fhirImportMs: 'never' });
    const { DatastoreId = '' } = await aws.healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
    await putFiles(aws.data, 'events', { 'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n' });
    const run = await cluster.flows.start('startImportAndWaitCompleted', {
      DatastoreId,
      InputS3Uri: 's3://events/in/',
      OutputS3Uri: 's3://results/',
      OutputKmsKeyId: 'alias/key',
      DataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
      polling,
    });
    const { ids = {} } =
      (await until(
        () => cluster.flows.whereabouts(run.workflowId),
        (now) => now?.ids['jobId'] !== undefined,
      )) ?? {};
    const jobId = ids['jobId'] ?? '';
    const temporal = `"${required('AHW_TEST_TEMPORAL')}"`;

    const [, list = ''] = /`(temporal workflow list --query [^`]+)`/.exec(read('docs/flows.md')) ?? [];
    const listed = await until(
      () => shell(list.replace('…', jobId).replace(/^temporal/, temporal), environment()),
      ({ output }) => output.includes(run.workflowId),
    );
    expect(listed.code).toBe(0);

    const signal = block('docs/flows.md', 'awsEvent')
      .replace(/^temporal/, temporal)
      .replace('start-import-and-wait-completed-…', run.workflowId)
      .replace('"datastoreId": "…"', `"datastoreId": "${DatastoreId}"`)
      .replace('"jobId": "…"', `"jobId": "${jobId}"`);
    expect(await shell(signal, environment())).toMatchObject({ code: 0 });
    await aws.control.settle({ kind: 'fhirImportJob', id: jobId });
    expect(await run.result()).toMatchObject({ jobStatus: 'COMPLETED', outcome: 'complete' });
    expect(await textOfHistory(cluster, run.workflowId)).toContain('Import Job Completed');
  });
});
