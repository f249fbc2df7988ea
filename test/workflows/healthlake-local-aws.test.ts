/** The flows of HealthLake over the local AWS: the real protocol, real job queues, answers that never come. */
import { localAws, putFiles, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { readLines } from '../local-aws/imaging-harness.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { followed } from '../support/followed.ts';
import { polling, roleArn } from '../support/inputs.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let DatastoreId: string;

const briefly = {
  fhirDatastoreCreateMs: 30,
  fhirDatastoreDeleteMs: 30,
  fhirImportMs: 30,
  fhirExportMs: 30,
};
withCluster(
  () => localAws(briefly),
  (...platform) => ([aws, cluster] = platform),
);
beforeAll(async () => {
  await putFiles(aws.data, 'fhir', {
    'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n{"resourceType":"Patient"}\n',
  });
  ({ datastoreId: DatastoreId } = await cluster.flows.execute(
    'createFhirDatastoreAndWaitActive',
    newStore('store'),
  ));
});
afterEach(() => aws.control.resetFaults());

const newStore = (DatastoreName: string) => ({ DatastoreName, DatastoreTypeVersion: 'R4', polling }) as const;
const output = { OutputS3Uri: 's3://fhir/out/', OutputKmsKeyId: 'alias/key', DataAccessRoleArn: roleArn };
const input = { InputS3Uri: 's3://fhir/in/', ...output };
const deletions = async () => (await aws.control.calls({ operation: 'DeleteFHIRDatastore' })).length;

describe('follows its document', () => {
  test('createFhirDatastoreAndWaitActive, with all that may be asked for', async () => {
    const result = await followed(cluster, 'createFhirDatastoreAndWaitActive', {
      ...newStore('created'),
      PreloadDataType: 'SYNTHEA',
      SseConfiguration: { KmsEncryptionConfig: { CmkType: 'AWS_OWNED_KMS_KEY' } },
      IdentityProviderConfiguration: { AuthorizationStrategy: 'AWS_AUTH' },
      Tags: [{ Key: 'team', Value: 'fhir' }],
    });
    expect(result).toMatchObject({
      datastoreArn: expect.stringContaining(`/${result.datastoreId}`),
      datastoreEndpoint: expect.stringContaining(result.datastoreId),
      datastoreStatus: 'ACTIVE',
    });
    const { DatastoreProperties } = await aws.healthlake.describeFHIRDatastore({
      DatastoreId: result.datastoreId,
    });
    expect(DatastoreProperties).toMatchObject({
      DatastoreName: 'created',
      PreloadDataConfig: { PreloadDataType: 'SYNTHEA' },
      SseConfiguration: { KmsEncryptionConfig: { CmkType: 'AWS_OWNED_KMS_KEY' } },
    });
    expect(await aws.healthlake.listTagsForResource({ ResourceARN: result.datastoreArn })).toMatchObject({
      Tags: expect.arrayContaining([{ Key: 'team', Value: 'fhir' }]),
    });
  });

  test('deleteFhirDatastoreAndConfirm', async () => {
    const { datastoreId } = await cluster.flows.execute(
      'createFhirDatastoreAndWaitActive',
      newStore('deleted'),
    );
    expect(
      await followed(cluster, 'deleteFhirDatastoreAndConfirm', { DatastoreId: datastoreId, polling }),
    ).toMatchObject({
      datastoreId,
      datastoreStatus: 'DELETED',
    });
  });

  test('provisionDatastoreAndExport: what the data store was preloaded with is in S3', async () => {
    const { datastoreId, jobId, ...result } = await followed(cluster, 'provisionDatastoreAndExport', {
      ...newStore('exported'),
      PreloadDataType: 'SYNTHEA',
      ...output,
    });
    const uri = `s3://fhir/out/${datastoreId}-FHIR_EXPORT-${jobId}/`;
    expect(result).toMatchObject({ jobStatus: 'COMPLETED', output: { uri } });
    expect(await readLines(aws, `${uri}Patient/Patient-1-1-1.ndjson`)).toHaveLength(3);
  });

  test('provisionDatastoreAndImport: the bad line by number', async () => {
    expect(
      await followed(cluster, 'provisionDatastoreAndImport', {
        ...newStore('imported'),
        ...input,
        listFailedFiles: 5,
      }),
    ).toMatchObject({
      jobStatus: 'COMPLETED_WITH_ERRORS',
      outcome: 'partial',
      counts: { scanned: 2, imported: 1, customerErrors: 1 },
      failures: { listed: [{ file: 'Patient.ndjson', line: 2 }] },
    });
  });

  test('startExportPollAndList: two pages of one job', async () => {
    await cluster.flows.execute('startExportPollAndList', {
      DatastoreId,
      ...output,
      JobName: 'before',
      polling,
    });
    const { jobId, exportJobPropertiesList, nextToken } = await followed(cluster, 'startExportPollAndList', {
      DatastoreId,
      ...output,
      MaxResults: 1,
      polling,
    });
    expect(exportJobPropertiesList).toMatchObject([{ JobId: jobId }, { JobName: 'before' }]);
    expect(nextToken).toBeUndefined();
  });

  test('startImportPollAndList', async () => {
    const result = await followed(cluster, 'startImportPollAndList', { DatastoreId, ...input, polling });
    expect(result).toMatchObject({ jobStatus: 'COMPLETED_WITH_ERRORS', outcome: 'partial' });
    expect(result.importJobPropertiesList).toMatchObject([
      { JobId: result.jobId, ValidationLevel: 'strict' },
    ]);
  });
});

test('two exports of one data store: one runs, the other is queued, and both end well', async () => {
  const run = (JobName: string) =>
    cluster.flows.execute('startExportPollAndList', { DatastoreId, ...output, JobName, polling });
  const [one, two] = await Promise.all([run('one'), run('two')]);
  expect([one.jobStatus, two.jobStatus]).toEqual(['COMPLETED', 'COMPLETED']);
  expect(one.jobId).not.toBe(two.jobId);
});

describe('an answer that never comes', () => {
  test('to a creation and to a start leads to one data store and one job', async () => {
    const before = await aws.control.jobs();
    await aws.control.dropConnection({ operation: 'CreateFHIRDatastore', when: 'after' });
    await aws.control.dropConnection({ operation: 'StartFHIRExportJob', when: 'after' });
    await cluster.flows.execute('provisionDatastoreAndExport', { ...newStore('once'), ...output });
    const { DatastorePropertiesList } = await aws.healthlake.listFHIRDatastores({
      Filter: { DatastoreName: 'once' },
    });
    expect(DatastorePropertiesList).toHaveLength(1);
    expect((await aws.control.jobs()).fhirExport).toBe(before.fhirExport + 1);
  });

  test.each(['before', 'after'] as const)(
    'to a deletion (dropped %s it) leads to one deletion',
    async (when) => {
      const { datastoreId } = await cluster.flows.execute('createFhirDatastoreAndWaitActive', newStore(when));
      const sent = await deletions();
      await aws.control.dropConnection({ operation: 'DeleteFHIRDatastore', when });
      expect(
        await cluster.flows.execute('deleteFhirDatastoreAndConfirm', { DatastoreId: datastoreId, polling }),
      ).toMatchObject({ datastoreStatus: 'DELETED' });
      expect(await deletions()).toBe(sent + 2);
    },
  );
});

test('a data store that could not be created says why, and how it is removed', async () => {
  await aws.control.failOutcome({
    operation: 'CreateFHIRDatastore',
    message: 'No Lake Formation permission',
  });
  const run = cluster.flows.execute('provisionDatastoreAndImport', { ...newStore('doomed'), ...input });
  const { type, details } = await failureOf(run);
  expect(type).toBe('DatastoreCreateFailed');
  expect(details.awsMessage).toBe('No Lake Formation permission · NON_RETRYABLE_ERROR');
  const { datastoreId } = details.ids;
  expect(details.left).toEqual([
    {
      what: `data store ${datastoreId}`,
      remove: `aws healthlake delete-fhir-datastore --datastore-id ${datastoreId}`,
    },
  ]);
  // What the failure names as a command is what another flow does.
  await cluster.flows.execute('deleteFhirDatastoreAndConfirm', { DatastoreId: datastoreId ?? '', polling });
});
