/** What a plan says, over the local AWS. */
import { localAws, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { recordHistory } from '../support/histories.ts';
import { datastoreId, roleArn } from '../support/inputs.ts';
import { startSyntheticS3, type SyntheticS3 } from '../../bench/support/synthetic-s3.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;

withCluster(localAws, (...platform) => ([aws, cluster] = platform));

const common = { datastoreId, dataAccessRoleArn: roleArn, planOnly: true } as const;
const inputOf = (bucket: string) => ({
  ...common,
  inputS3Uri: `s3://${bucket}/in/`,
  outputS3Uri: `s3://${bucket}/out/`,
});

const files = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, 'x']));

/** The lines of the files in a folder of a plan, in the order of the shards. */
async function linesIn(folder: string): Promise<unknown[]> {
  const [, Bucket = '', Prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(folder) ?? [];
  const { KeyCount = 0 } = await aws.s3.listObjectsV2({ Bucket, Prefix });
  const texts: string[] = [];
  for (let n = 0; n < KeyCount; n++) {
    const { Body } = await aws.s3.getObject({ Bucket, Key: `${Prefix}${n}.ndjson` });
    texts.push((await Body?.transformToString()) ?? '');
  }
  const lines = texts.join('').split('\n');
  return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

test('everything below a root is planned as few jobs, however nested', async () => {
  await putFiles(
    aws.data,
    'nested',
    files('in/a/1', 'in/a/b/1', 'in/c/d/e/1', 'in/c/d/f/1', 'in/c/g h/ü+.dcm'),
  );
  const run = await cluster.flows.start('importAllDicom', { ...inputOf('nested'), filesPerJob: 2 });
  const result = await run.result();
  recordHistory('importAllDicom', await run.fetchHistory());
  expect(result).toMatchObject({
    outcome: 'planned',
    imports: { planned: 3 },
    files: { planned: 5 },
    bytes: 5,
    cannot: {},
  });
  expect(result.hours).toBeCloseTo(3 / 0.8 / 3600);
  expect(await linesIn(`${result.plan.uri}plan/`)).toEqual([
    { prefix: 's3://nested/in/a/', files: 2, bytes: 2 },
    { prefix: 's3://nested/in/c/d/', files: 2, bytes: 2 },
    { prefix: 's3://nested/in/c/g h/', files: 1, bytes: 1 },
  ]);
});

test('what cannot be imported is counted by reason, and named in S3', async () => {
  const long = `${'f'.repeat(200)}/`.repeat(5);
  // S3 takes keys of 1,024 bytes; the services take as many for the URI, which also has the name of the bucket.
  const bucket = 'o'.repeat(50);
  await putFiles(
    aws.data,
    bucket,
    files(
      'in/flat/1',
      'in/flat/2',
      'in/flat/3',
      'in/beside',
      'in/ok/1',
      `in/${long}a/1`,
      `in/${long}b/1`,
      `in/${long}b/2`,
    ),
  );
  await aws.s3.putObject({ Bucket: bucket, Key: 'in/ok/2', Body: 'x', StorageClass: 'GLACIER' });
  const result = await cluster.flows.execute('importAllDicom', { ...inputOf(bucket), filesPerJob: 2 });
  expect(result).toMatchObject({
    imports: { planned: 1 },
    files: { planned: 2 },
    cannot: {
      'too many in one folder': { files: 3 },
      'beside sub-folders': { files: 1 },
      'URI too long': { files: 3 },
      archived: { files: 1 },
    },
  });
  const named = await linesIn(`${result.plan.uri}cannot/`);
  expect(named).toContainEqual(
    expect.objectContaining({ folder: `s3://${bucket}/in/ok/`, first: 'in/ok/2' }),
  );
  expect(named).toContainEqual(expect.objectContaining({ folder: `s3://${bucket}/in/`, first: 'in/beside' }));
});

test('a root with nothing in it ends well, and says so', async () => {
  await putFiles(aws.data, 'empty', files('other/1'));
  expect(await cluster.flows.execute('importAllDicom', inputOf('empty'))).toMatchObject({
    imports: { planned: 0 },
    files: { planned: 0 },
  });
});

test('a second run takes the plan of the first one, and one with another name makes its own', async () => {
  await putFiles(aws.data, 'twice', files('in/1'));
  const first = await cluster.flows.execute('importAllDicom', inputOf('twice'));
  await putFiles(aws.data, 'twice', files('in/2'));
  expect(await cluster.flows.execute('importAllDicom', inputOf('twice'))).toEqual(first);
  const other = await cluster.flows.execute('importAllDicom', { ...inputOf('twice'), planName: 'again' });
  expect(other).toMatchObject({ files: { planned: 2 } });
  expect(other.plan.uri).not.toBe(first.plan.uri);
});

describe('folders in a list', () => {
  const { inputS3Uri: _, ...listed } = inputOf('list');
  const folder = (name: string) => ({ inputS3Uri: `s3://list/${name}` });

  test('are planned one by one: those in the input, and those in an ndjson file', async () => {
    await putFiles(aws.data, 'list', {
      ...files('in/a/1', 'in/b/1', 'in/b/2', 'in/c/1'),
      'folders.ndjson': `${JSON.stringify(folder('in/a'))}\n${JSON.stringify(folder('in/b/'))}\n`,
    });
    const imports = [folder('in/a/'), folder('in/b')];
    const planned = { imports: { planned: 2 }, files: { planned: 3 } };
    expect(await cluster.flows.execute('importAllDicom', { ...listed, imports })).toMatchObject(planned);
    const importsS3Uri = 's3://list/folders.ndjson';
    expect(await cluster.flows.execute('importAllDicom', { ...listed, importsS3Uri })).toMatchObject(planned);
  });

  test.each([
    ['twice', ['in/a/', 'in/b/', 'in/a'], 's3://list/in/a/ occurs more than once'],
    ['within another', ['in/', 'in/a/'], 's3://list/in/a/ lies within s3://list/in/'],
  ])('are refused by name if one occurs %s', async (_, names, named) => {
    const imports = names.map(folder);
    const failure = await failureOf(cluster.flows.execute('importAllDicom', { ...listed, imports }));
    expect(failure).toMatchObject({ type: 'ValidationFailed', details: { named: [named] } });
    expect(failure.message).not.toContain('in/a');
  });

  test('are refused if a line of the file names none', async () => {
    await putFiles(aws.data, 'list', {
      'bad.ndjson': `${JSON.stringify(folder('in/a'))}\n{"inputS3Uri":1}\n`,
    });
    const importsS3Uri = 's3://list/bad.ndjson';
    const failure = await failureOf(cluster.flows.execute('importAllDicom', { ...listed, importsS3Uri }));
    expect(failure).toMatchObject({ details: { named: ['line 2 of importsS3Uri names no folder'] } });
  });
});

test('the folder of a day does not take in that of a day whose name begins with it', async () => {
  await putFiles(aws.data, 'days', files('in/1/a', 'in/10/a'));
  const input = { ...inputOf('days'), inputS3Uri: 's3://days/in/1' };
  expect(await cluster.flows.execute('importAllDicom', input)).toMatchObject({ files: { planned: 1 } });
});

describe('many objects', () => {
  // 10 months of two days, each with 60 studies of 50 files.
  const objects = {
    count: 60_000,
    size: 1_000,
    keyOf: (index: number) => {
      const [day, study] = [Math.floor(index / 3_000), Math.floor((index % 3_000) / 50)];
      return `in/month-${pad(Math.floor(day / 2))}/day-${pad(day)}/study-${pad(study)}/${pad(index % 50)}.dcm`;
    },
  };
  const pad = (number: number) => String(number).padStart(2, '0');
  let s3: SyntheticS3;
  let many: Cluster;

  withCluster(
    async () => (s3 = await startSyntheticS3(objects)),
    (_, started) => (many = started),
    { settings: { ACTIVITY_START_TO_CLOSE: '2s' } },
  );

  test('after a kill in the middle of a shard, reading goes on near where it was', async () => {
    const input = { ...inputOf('input'), outputS3Uri: 's3://output/', filesPerJob: 100 };
    // One shard of 60 pages: all folders in one list are too few to be divided.
    const { inputS3Uri: _, ...listed } = input;
    const run = await many.flows.start('importAllDicom', {
      ...listed,
      imports: [{ inputS3Uri: 's3://input/in/' }, { inputS3Uri: 's3://input/none/' }],
    });
    const held = s3.held();
    s3.holdFrom(45);
    await held;
    await many.withoutWorker(async () => s3.release());
    expect(await run.result()).toMatchObject({ imports: { planned: 1_200 }, files: { planned: 60_000 } });
    // 60 pages and one empty list; the kill has cost the pages since the last write, of which there are at most ten.
    expect(s3.lists).toBeLessThanOrEqual(61 + 10);
    const [, part] = [...s3.written].find(([path]) => path.endsWith('/plan/0.ndjson')) ?? [];
    const prefixes = String(part)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).prefix);
    expect(new Set(prefixes).size).toBe(1_200);
  });

  test('are planned in at least 16 parts, and in jobs of up to 4,500 files unless the input says otherwise', async () => {
    const input = { ...inputOf('input'), outputS3Uri: 's3://output/' };
    const result = await many.flows.execute('importAllDicom', input);
    // A month has 6,000 files, and a day 3,000.
    expect(result).toMatchObject({ imports: { planned: 20 }, files: { planned: 60_000 }, cannot: {} });
    const parts = [...s3.written.keys()].filter((path) =>
      `s3:/${path}`.startsWith(`${result.plan.uri}plan/`),
    );
    expect(parts.length).toBeGreaterThanOrEqual(16);
  });
});
