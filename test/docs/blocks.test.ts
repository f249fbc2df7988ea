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
import { startChild } from '../../dev/children.ts';
import { freePort } from '../../dev/ports.ts';
import { startServer } from '../../dev/start-server.ts';
import { localAws, p10, putFiles, until, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { awsEnvironment, required, withCluster, type Cluster } from '../support/cluster.ts';
import { textOfHistory } from '../support/history-text.ts';
import { polling } from '../support/inputs.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const markdownIn = (folder: string, depth: number): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 ? markdownIn(path, depth - 1) : [];
    return path.endsWith('.md') ? [path] : [];
  });

interface Block {
  file: string;
  language: string;
  text: string;
}

const blocks: Block[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...markdownIn('docs', 1),
  ...markdownIn('examples', 1),
].flatMap((file) =>
  [...read(file).matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    file,
    language,
    text,
  })),
);
const runnable = blocks.filter(({ language }) => ['sh', 'ts', 'js', 'bash'].includes(language));

/** The test that runs a block, by the document and a part of the block's text. */
const RUN_BY: readonly (readonly [file: RegExp, part: RegExp, test: string])[] = [
  [/^README/, /^npm ci && npm run demo .*\nnpm ci && npm test /, 'test/dev/demo.test.ts'],
  [/^README/, /^npm run dev$/m, 'test/dev/dev.test.ts'],
  [/^README/, /^npx aws-health-workflows/, 'test/dev/dev.test.ts'],
  [/^README/, /^npm run worker$/m, 'test/worker.test.ts'],
  [/^README/, /^\/\/ import\.mjs/, 'test/docs/blocks.test.ts'],
  [/^README/, /^npm run local-aws/, 'test/docs/blocks.test.ts'],
  [/^docs\/flows\.md/, /awsEvent/, 'test/docs/blocks.test.ts'],
  [/^docs\/flows\//, /^temporal workflow start/m, 'test/docs/commands.test.ts'],
  [/^docs\/deploying\.md/, /./, 'test/docs/deploying.test.ts'],
  [/^docs\/recurring-imports\.md/, /./, 'test/recurring-imports-doc.test.ts'],
  [/^docs\/own-worker\.md/, /dataConverter/, 'test/examples/encrypted-payloads.test.ts'],
  // It installs pydicom; the test that it then runs is skipped where pydicom is missing.
  [/^docs\/dicom-import\.md/, /pydicom/, 'test/local-aws/pydicom/comparison.test.ts'],
  [
    /^docs\/dicomweb\.md/,
    /^(web|instance)=|pip install dicomweb-client/m,
    'test/local-aws/dicomweb/dicomweb.test.ts',
  ],
  [/^docs\/dicomweb\.md/, /^npm run dev -- --viewer$/m, 'test/dev/dev.test.ts'],
  [/^examples\/delete-image-set/, /./, 'test/examples/delete-image-set.test.ts'],
  [/^examples\/encrypted-payloads/, /./, 'test/examples/encrypted-payloads.test.ts'],
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

test('the local AWS alone, and the variables that point another program to it', async () => {
  const data = mkdtempSync(join(tmpdir(), 'local-aws-alone-'));
  const [start = '', ...exports] = block('README.md', 'npm run local-aws').split('\n');
  const [, flags = ''] = /^npm run local-aws -- (.*)$/.exec(start) ?? [];
  const launch = async () => {
    const port = await freePort(0);
    const args = flags.replace('4566', String(port)).replace('/tmp/aws', data).split(' ');
    const child = startChild(process.execPath, [join(root, 'dist/local-aws/main.js'), ...args], {
      name: 'local-aws',
      logFile: join(data, 'log'),
    });
    return { ...child, url: `http://127.0.0.1:${port}` };
  };
  const aws = await startServer(launch, async ({ output, url }) => output().includes(url));
  const script = exports.join('\n').replace('http://127.0.0.1:4566', aws.url);
  expect(script).toContain('aws medical-imaging list-datastores');
  // Uses the SDK because the AWS CLI may not be installed. It reads the same variables, except the one for the host prefix.
  const program = `import('@aws-sdk/client-medical-imaging').then(({ MedicalImaging }) => new MedicalImaging({ disableHostPrefix: true }).listDatastores({})).then(({ datastoreSummaries }) => console.log(JSON.stringify({ datastoreSummaries })))`;
  const withSdk = script.replace(/^aws .*/m, `node --input-type=module -e "${program}"`);
  const environments = { PATH: process.env['PATH'], HOME: data };
  const { code, output } = await shell(withSdk, environments);
  expect([code, output]).toEqual([0, expect.stringContaining('{"datastoreSummaries":[]}')]);
  const cli = await shell('aws --version', environments);
  if (cli.code === 0) expect(await shell(script, environments)).toMatchObject({ code: 0 });
  await aws.stop();
  rmSync(data, { recursive: true });
});
