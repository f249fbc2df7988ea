/** A fleet of FHIR imports over the local AWS. */
import type { FlowInput } from '../../src/client.ts';
import type { ReportedJob } from '../../src/activities/fleet/record.ts';
import { activeFhirDatastore } from '../local-aws/fhir-harness.ts';
import { localAws, putFiles, until, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { readLines } from '../local-aws/imaging-harness.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { recordHistory } from '../support/histories.ts';
import { roleArn } from '../support/inputs.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;

withCluster(
  () => localAws({ fhirImportMs: 30 }),
  (...platform) => ([aws, cluster] = platform),
);

const patient = (id: string) => `${JSON.stringify({ resourceType: 'Patient', id })}\n`;

async function records(bucket: string, files: Record<string, string>): Promise<FlowInput<'importAllFhir'>> {
  await putFiles(aws.data, bucket, files);
  return {
    DatastoreId: await activeFhirDatastore(aws),
    DataAccessRoleArn: roleArn,
    InputS3Uri: `s3://${bucket}/in/`,
    OutputS3Uri: `s3://${bucket}/out/`,
    OutputKmsKeyId: 'alias/key',
    startsPerSecond: 100,
    lookInterval: 20,
  };
}

test('a folder is one job, whose resources are counted, with a line for each that was not imported', async () => {
  const input = await records('one', {
    'in/a/1.ndjson': patient('p1'),
    'in/b/2.ndjson': `${patient('p2')}{}\n`,
  });
  const run = await cluster.flows.start('importAllFhir', input);
  const result = await run.result();
  recordHistory('importAllFhir', await run.fetchHistory());
  expect(result).toMatchObject({
    outcome: 'partial',
    imports: { planned: 1, partial: 1 },
    files: { planned: 2, imported: 2 },
    resources: { imported: 2, failed: 1 },
  });
  expect(await readLines(aws, result.failures?.uri ?? '')).toMatchObject([{ index: 0, line: 2 }]);
});

/** The files of a plan and its reports, each of which must be encrypted with the key of the output. */
async function encryptedFiles(Bucket: string): Promise<string[]> {
  const { Contents = [] } = await aws.s3.listObjectsV2({ Bucket, Prefix: 'out/' });
  const ours = Contents.map(({ Key = '' }) => Key).filter((key) => /^out\/[0-9a-f]{16}\//.test(key));
  for (const Key of ours) {
    const { ServerSideEncryption, SSEKMSKeyId } = await aws.s3.headObject({ Bucket, Key });
    expect({ Key, ServerSideEncryption, SSEKMSKeyId }).toEqual({
      Key,
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'alias/key',
    });
  }
  return ours.map((key) => key.replace(/^out\/\w+\//, ''));
}

test('the plan and the reports are encrypted with the key of the output', async () => {
  const input = await records('encrypted', { 'in/1.ndjson': `${patient('p1')}{}\n` });
  await cluster.flows.execute('importAllFhir', input);
  expect(await encryptedFiles('encrypted')).toEqual([
    'cannot/0.ndjson',
    'failures.ndjson',
    'failures/00000000.ndjson',
    'plan.json',
    'plan/0.ndjson',
    'report.ndjson',
    'report/00000000.ndjson',
    'shards/0.json',
    'summary.json',
  ]);
});

test('many jobs go into the service two at a time, each once, and a second run starts none', async () => {
  const files = Array.from({ length: 5 }, (_, index) => [`in/${index}/1.ndjson`, patient(`p${index}`)]);
  const input = { ...(await records('many', Object.fromEntries(files))), filesPerJob: 1 };
  await aws.control.settings({ fhirImportMs: 'never' });
  const run = await cluster.flows.start('importAllFhir', input);
  const openJobs = async () => (await cluster.flows.whereabouts(run.workflowId))?.counters ?? {};
  await until(openJobs, ({ running }) => running === 1);
  await aws.control.settleAll();
  // The first one has gone alone. Two of the others are in the service, and stay there.
  expect(await until(openJobs, ({ ended, running }) => ended === 1 && running === 2)).toMatchObject({
    waiting: 2,
  });
  await aws.control.settings({ fhirImportMs: 30 });
  await aws.control.settleAll();
  const result = await run.result();
  expect(result).toMatchObject({ outcome: 'complete', imports: { complete: 5 }, resources: { imported: 5 } });
  expect(await cluster.flows.execute('importAllFhir', input)).toEqual(result);
  const { DatastoreId } = input;
  const { ImportJobPropertiesList = [] } = await aws.healthlake.listFHIRImportJobs({ DatastoreId });
  expect(ImportJobPropertiesList).toHaveLength(5);
  const report = (await readLines(aws, result.report?.uri ?? '')) as ReportedJob[];
  expect(report.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
});

test('files beside sub-folders are imported from copies, and the report names their lines in the originals', async () => {
  const input = await records('beside', {
    'in/Doe.ndjson': `{}\n${patient('p1')}`,
    'in/a/1.ndjson': patient('p2'),
    'in/b/1.ndjson': patient('p3'),
  });
  const staging = { ...input, filesPerJob: 1, stagingS3Uri: 's3://beside/copies/' };
  const result = await cluster.flows.execute('importAllFhir', staging);
  expect(result).toMatchObject({
    outcome: 'partial',
    imports: { planned: 3, complete: 2, partial: 1 },
    resources: { imported: 3, failed: 1 },
    staged: { imports: 1, files: 1 },
  });
  expect(await readLines(aws, result.failures?.uri ?? '')).toMatchObject([
    { index: 2, file: 'in/Doe.ndjson', line: 1 },
  ]);
  const { KeyCount } = await aws.s3.listObjectsV2({ Bucket: 'beside', Prefix: 'copies/' });
  expect(KeyCount).toBe(0);
  const lists = (await encryptedFiles('beside')).filter((name) => name.startsWith('stage/'));
  expect(lists).toEqual(['stage/2.ndjson', 'stage/2.not-copied.ndjson']);
});
