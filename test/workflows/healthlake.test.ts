/**
 * The six further flows of HealthLake: their calls, step by step, and their differences from the published documents.
 *
 * The service is scripted: it gives replies that the documents do not handle.
 */
import type { FlowInput } from '../../src/client.ts';
import { SHORT_CALLS, withCluster, type Cluster } from '../support/cluster.ts';
import { failureOf } from '../support/failure.ts';
import { datastoreId, fhirInput, polling, untyped } from '../support/inputs.ts';
import { now } from '../support/replies.ts';
import { error, startScriptedAws, type Reply, type ScriptedAws } from '../support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), { settings: SHORT_CALLS });

const { InputS3Uri, ...exportInput } = fhirInput;
const storeInput = { DatastoreName: 'store', DatastoreTypeVersion: 'R4', polling } as const;
const { DatastoreId: _, ...exportWithoutStore } = exportInput;

const datastoreArn = `arn:aws:healthlake:us-east-1:123456789012:datastore/fhir/${datastoreId}`;
const datastoreEndpoint = `https://healthlake.us-east-1.amazonaws.com/datastore/${datastoreId}/r4/`;
const created = {
  DatastoreId: datastoreId,
  DatastoreArn: datastoreArn,
  DatastoreEndpoint: datastoreEndpoint,
  DatastoreStatus: 'CREATING',
};
const store = (DatastoreStatus: string, more: object = {}) => ({
  DatastoreProperties: {
    DatastoreId: datastoreId,
    DatastoreArn: datastoreArn,
    DatastoreEndpoint: datastoreEndpoint,
    DatastoreTypeVersion: 'R4',
    DatastoreStatus,
    CreatedAt: now(),
    ...more,
  },
});
const removal = `aws healthlake delete-fhir-datastore --datastore-id ${datastoreId}`;

/** The statuses in which a data store accepts no job. */
const UNUSABLE = [
  ['CREATE_FAILED', 'DatastoreCreateFailed'],
  ['DELETING', 'DatastoreNotUsable'],
  ['DELETED', 'DatastoreNotUsable'],
] as const;

describe('createFhirDatastoreAndWaitActive', () => {
  const script = (replies: Record<string, Reply[]> = {}) =>
    aws.script({ CreateFHIRDatastore: [created], DescribeFHIRDatastore: [store('ACTIVE')], ...replies });
  const run = (input: object = {}) =>
    cluster.flows.execute('createFhirDatastoreAndWaitActive', { ...storeInput, ...input });

  test('follows the document call by call', async () => {
    script({ DescribeFHIRDatastore: [store('CREATING'), store('CREATING'), store('ACTIVE')] });
    expect(await run()).toEqual({ datastoreId, datastoreArn, datastoreEndpoint, datastoreStatus: 'ACTIVE' });
    expect(aws.called()).toEqual([
      'CreateFHIRDatastore',
      'DescribeFHIRDatastore',
      'DescribeFHIRDatastore',
      'DescribeFHIRDatastore',
    ]);
    expect(aws.calls[1]?.body).toEqual({ DatastoreId: datastoreId });
  });

  test('sends its input, PreloadDataType as PreloadDataConfig, and a token of this run', async () => {
    script();
    const optional = {
      SseConfiguration: { KmsEncryptionConfig: { CmkType: 'CUSTOMER_MANAGED_KMS_KEY', KmsKeyId: 'alias/k' } },
      IdentityProviderConfiguration: { AuthorizationStrategy: 'SMART_ON_FHIR', Metadata: '{}' },
      Tags: [{ Key: 'team', Value: 'fhir' }],
    } satisfies Partial<FlowInput<'createFhirDatastoreAndWaitActive'>>;
    const handle = await cluster.flows.start('createFhirDatastoreAndWaitActive', {
      ...storeInput,
      ...optional,
      PreloadDataType: 'SYNTHEA',
    });
    await handle.result();
    const { runId } = await handle.describe();
    expect(aws.bodyOf('CreateFHIRDatastore')).toEqual({
      DatastoreName: 'store',
      DatastoreTypeVersion: 'R4',
      ...optional,
      Tags: [...optional.Tags, { Key: 'aws-health-workflows:run', Value: runId }],
      PreloadDataConfig: { PreloadDataType: 'SYNTHEA' },
      ClientToken: `${runId}-createDatastore`,
    });
    script();
    await run({ ClientToken: 'mine' });
    expect(aws.bodyOf('CreateFHIRDatastore')).toEqual({
      DatastoreName: 'store',
      DatastoreTypeVersion: 'R4',
      ClientToken: 'mine',
    });
  });

  test.each(UNUSABLE)('%s fails as %s, and says what is left in AWS', async (status, type) => {
    script({ DescribeFHIRDatastore: [store('CREATING'), store(status)] });
    expect(await failureOf(run())).toMatchObject({
      type,
      details: { step: 'pollDatastore', status, ids: { datastoreId }, left: [{ remove: removal }] },
    });
  });

  test('a failed creation says why', async () => {
    const ErrorCause = { ErrorMessage: 'The KMS key is disabled', ErrorCategory: 'RETRYABLE_ERROR' };
    script({ DescribeFHIRDatastore: [store('CREATE_FAILED', { ErrorCause })] });
    const { message, details } = await failureOf(run());
    expect(message).toMatch(/could not be created$/);
    expect(details.awsMessage).toBe('The KMS key is disabled · RETRYABLE_ERROR');
  });

  test("a data store that a user's token has returned is not reported as left behind", async () => {
    script({ DescribeFHIRDatastore: [store('DELETING', { CreatedAt: now() - 3600 })] });
    const { details } = await failureOf(run({ ClientToken: 'mine' }));
    expect(details.left).toBeUndefined();
  });

  test('with DatastoreId it creates nothing and waits for that one', async () => {
    script({ DescribeFHIRDatastore: [store('CREATING'), store('ACTIVE')] });
    expect(
      await cluster.flows.execute('createFhirDatastoreAndWaitActive', { DatastoreId: datastoreId, polling }),
    ).toEqual({ datastoreId, datastoreArn, datastoreEndpoint, datastoreStatus: 'ACTIVE' });
    expect(aws.called()).toEqual(['DescribeFHIRDatastore', 'DescribeFHIRDatastore']);
  });

  test('one throttled creation does not end the flow', async () => {
    script({ CreateFHIRDatastore: [error('ThrottlingException'), created] });
    expect(await run()).toMatchObject({ datastoreStatus: 'ACTIVE' });
  });

  test('a creation that is not allowed fails at once, with the AWS error name', async () => {
    script({ CreateFHIRDatastore: [error('AccessDeniedException')] });
    expect(await failureOf(run())).toMatchObject({
      type: 'AccessDeniedException',
      details: { step: 'createDatastore' },
    });
    // Once with the tag of the run, and once without, because only tagging may be denied.
    expect(aws.called()).toEqual(['CreateFHIRDatastore', 'CreateFHIRDatastore']);
  });

  test('one without a reply for longer than the life of a token is looked up by name', async () => {
    const { DatastoreProperties } = store('CREATING', { DatastoreName: 'store' });
    script({
      CreateFHIRDatastore: [error('InternalServerException', 500)],
      ListFHIRDatastores: [
        { DatastorePropertiesList: [], NextToken: 'more' },
        { DatastorePropertiesList: [DatastoreProperties] },
      ],
      ListTagsForResource: [error('AccessDeniedException')],
    });
    expect(await failureOf(run())).toMatchObject({
      type: 'OutcomeUnknown',
      message: expect.stringContaining(datastoreId),
      details: { step: '+findDatastore' },
    });
    const lists = aws.callsOf('ListFHIRDatastores').map(({ body }) => body);
    expect(lists.at(-1)).toEqual({ Filter: { DatastoreName: 'store' }, NextToken: 'more' });
  });

  test('one that takes too long fails WaitTimedOut, and says what is left and how to continue waiting', async () => {
    script({ DescribeFHIRDatastore: [store('CREATING')] });
    expect(await failureOf(run({ polling: { ...polling, timeout: 200 } }))).toMatchObject({
      type: 'WaitTimedOut',
      message: expect.stringContaining(`start again with the id of this data store (${datastoreId})`),
      details: { step: 'pollDatastore', status: 'CREATING', left: [{ remove: removal }] },
    });
  });
});

describe('deleteFhirDatastoreAndConfirm', () => {
  const deleting = { ...created, DatastoreStatus: 'DELETING' };
  const gone = error('ResourceNotFoundException');
  const conflict = error('ConflictException');
  const script = (deletions: Reply[], reads: Reply[]) =>
    aws.script({ DeleteFHIRDatastore: deletions, DescribeFHIRDatastore: reads });
  const run = () =>
    cluster.flows.execute('deleteFhirDatastoreAndConfirm', { DatastoreId: datastoreId, polling });

  test('follows the document call by call', async () => {
    script([deleting], [store('DELETING'), store('DELETED')]);
    expect(await run()).toEqual({ datastoreId, datastoreArn, datastoreStatus: 'DELETED' });
    expect(aws.called()).toEqual(['DeleteFHIRDatastore', 'DescribeFHIRDatastore', 'DescribeFHIRDatastore']);
    expect(aws.calls[0]?.body).toEqual({ DatastoreId: datastoreId });
  });

  test('a data store that the service no longer finds is deleted', async () => {
    script([deleting], [store('DELETING'), gone]);
    expect(await run()).toEqual({ datastoreId, datastoreArn, datastoreStatus: 'DELETED' });
  });

  test('a stale ACTIVE right after the deletion is waited out', async () => {
    script([deleting], [store('ACTIVE'), store('ACTIVE'), store('DELETING'), store('DELETED')]);
    expect(await run()).toMatchObject({ datastoreStatus: 'DELETED' });
  });

  test('a data store that never existed fails at once, with the AWS error name', async () => {
    script([gone], []);
    expect(await failureOf(run())).toMatchObject({
      type: 'ResourceNotFoundException',
      details: { step: 'deleteDatastore', ids: { datastoreId } },
    });
    expect(aws.called()).toEqual(['DeleteFHIRDatastore']);
  });

  test('one that conflicts with another deletion in progress waits for that', async () => {
    script([conflict], [store('DELETING'), store('DELETING'), store('DELETED')]);
    expect(await run()).toEqual({ datastoreId, datastoreArn, datastoreStatus: 'DELETED' });
    expect(aws.callsOf('DeleteFHIRDatastore')).toHaveLength(1);
  });

  test('one that conflicts with another transition of the data store is sent again', async () => {
    script([conflict, deleting], [store('CREATING'), store('DELETED')]);
    expect(await run()).toMatchObject({ datastoreStatus: 'DELETED' });
    expect(aws.callsOf('DeleteFHIRDatastore')).toHaveLength(2);
  });

  test.each([
    ['since the data store is gone', gone, gone],
    ['since the data store is being deleted', conflict, store('DELETING')],
  ])(
    'one whose reply was lost is sent again, and after a refusal a read decides: %s',
    async (_, second, read) => {
      script(['drop', second], [read, store('DELETED')]);
      expect(await run()).toMatchObject({ datastoreId, datastoreStatus: 'DELETED' });
      expect(aws.callsOf('DeleteFHIRDatastore')).toHaveLength(2);
    },
  );
});

/** The differences between imports and exports, for the tests of both. */
interface Kind {
  readonly noun: 'Import' | 'Export';
  readonly input: object;
  readonly type: 'ImportJobFailed' | 'ExportJobFailed';
  readonly request: object;
}

const s3Configuration = {
  S3Configuration: { S3Uri: fhirInput.OutputS3Uri, KmsKeyId: fhirInput.OutputKmsKeyId },
};
const KINDS: Readonly<Record<Kind['noun'], Kind>> = {
  Import: {
    noun: 'Import',
    input: { ...exportWithoutStore, InputS3Uri, onFileErrors: 'ignore' },
    type: 'ImportJobFailed',
    request: { InputDataConfig: { S3Uri: InputS3Uri }, JobOutputDataConfig: s3Configuration },
  },
  Export: {
    noun: 'Export',
    input: exportWithoutStore,
    type: 'ExportJobFailed',
    request: { OutputDataConfig: s3Configuration },
  },
};

type JobFlow = (typeof JOB_FLOWS)[number][0];

const uri = `s3://bucket/out/${datastoreId}-FHIR_EXPORT-j1/`;
const manifestUri = `s3://bucket/out/${datastoreId}-FHIR_IMPORT-j1/manifest.json`;

/** The properties of job `j1`. */
const propertiesOf = (noun: Kind['noun'], JobStatus: string, more: object = {}) => ({
  JobId: 'j1',
  JobStatus,
  SubmitTime: now(),
  DatastoreId: datastoreId,
  ...(noun === 'Export'
    ? { OutputDataConfig: { S3Configuration: { S3Uri: uri, KmsKeyId: 'alias/key' } } }
    : { InputDataConfig: { S3Uri: InputS3Uri }, JobOutputDataConfig: s3Configuration }),
  ...more,
});

/** Scripts an ACTIVE data store and jobs with these statuses, and overrides. */
const scriptJobs = (
  { noun }: Kind,
  jobs: readonly (string | readonly [status: string, more: object])[],
  replies: Record<string, Reply[]> = {},
  objects: Record<string, string> = {},
) =>
  aws.script(
    {
      CreateFHIRDatastore: [created],
      DescribeFHIRDatastore: [store('ACTIVE')],
      [`StartFHIR${noun}Job`]: [{ JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId }],
      [`DescribeFHIR${noun}Job`]: jobs.map((job) => {
        const [status, more] = typeof job === 'string' ? [job] : job;
        return { [`${noun}JobProperties`]: propertiesOf(noun, status, more) };
      }),
      [`ListFHIR${noun}Jobs`]: [{ [`${noun}JobPropertiesList`]: [propertiesOf(noun, 'COMPLETED')] }],
      ...replies,
    },
    objects,
  );

const execute = (flow: JobFlow, input: object): Promise<object> =>
  cluster.flows.execute(flow, untyped(input));

const JOB_FLOWS = [
  ['startImportPollAndList', KINDS.Import, { DatastoreId: datastoreId }],
  ['startExportPollAndList', KINDS.Export, { DatastoreId: datastoreId }],
  ['provisionDatastoreAndImport', KINDS.Import, storeInput],
  ['provisionDatastoreAndExport', KINDS.Export, storeInput],
] as const;

describe.each(JOB_FLOWS)('%s', (flow, kind, where) => {
  const { noun, type } = kind;
  const provisions = 'DatastoreName' in where;
  const [START, DESCRIBE, LIST] = [`StartFHIR${noun}Job`, `DescribeFHIR${noun}Job`, `ListFHIR${noun}Jobs`];
  const before = provisions ? ['CreateFHIRDatastore', 'DescribeFHIRDatastore'] : [];
  const after = provisions ? [] : [LIST];
  const nameMember = provisions ? `${noun}JobName` : 'JobName';
  const tokenMember = provisions ? `${noun}ClientToken` : 'ClientToken';
  const run = (input: object = {}) => execute(flow, { ...kind.input, ...where, ...input });

  test('follows the document call by call; a job without a name gets one, and a token of this run', async () => {
    scriptJobs(kind, ['SUBMITTED', 'IN_PROGRESS', 'COMPLETED']);
    const handle = await cluster.flows.start(flow, untyped({ ...kind.input, ...where }));
    expect(await handle.result()).toMatchObject({
      jobId: 'j1',
      jobStatus: 'COMPLETED',
      ...(provisions && { datastoreId, datastoreArn }),
      ...(!provisions && {
        [`${noun.toLowerCase()}JobPropertiesList`]: [
          { JobId: 'j1', SubmitTime: expect.stringMatching(/Z$/) },
        ],
      }),
      ...(noun === 'Export' ? { output: { uri } } : { outcome: 'unknown' }),
    });
    expect(aws.called()).toEqual([...before, START, DESCRIBE, DESCRIBE, DESCRIBE, ...after]);
    const { runId } = await handle.describe();
    expect(aws.bodyOf(START)).toEqual({
      ...kind.request,
      DatastoreId: datastoreId,
      DataAccessRoleArn: fhirInput.DataAccessRoleArn,
      JobName: expect.stringMatching(new RegExp(`^[a-z-]{26,}-${runId}$`)),
      ClientToken: `${runId}-start${noun}Job`,
    });
    expect(aws.bodyOf(DESCRIBE)).toEqual({ DatastoreId: datastoreId, JobId: 'j1' });
  });

  test('passes on the names and tokens of the input', async () => {
    scriptJobs(kind, ['COMPLETED']);
    await run({
      [nameMember]: 'named',
      [tokenMember]: 'mine',
      ...(provisions && { CreateClientToken: 'ours' }),
      ...(noun === 'Import' && { ValidationLevel: 'minimal' }),
    });
    expect(aws.bodyOf(START)).toMatchObject({
      JobName: 'named',
      ClientToken: 'mine',
      ...(noun === 'Import' && { ValidationLevel: 'minimal' }),
    });
    expect(aws.bodyOf('CreateFHIRDatastore')).toEqual(
      provisions ? { DatastoreName: 'store', DatastoreTypeVersion: 'R4', ClientToken: 'ours' } : undefined,
    );
  });

  test.each(['FAILED', 'CANCEL_COMPLETED'])(
    '%s is a failure, with the message, and nothing is listed',
    async (status) => {
      scriptJobs(kind, ['IN_PROGRESS', [status, { Message: 'The role cannot be assumed' }]]);
      expect(await failureOf(run())).toMatchObject({
        type,
        details: {
          awsMessage: 'The role cannot be assumed',
          step: `poll${noun}Job`,
          status,
          ids: { datastoreId, jobId: 'j1' },
          ...(provisions && { left: [{ remove: removal }] }),
        },
      });
      expect(aws.called()).not.toContain(LIST);
    },
  );

  test('QUEUED is waited out; COMPLETED_WITH_ERRORS is a result, marked as such', async () => {
    scriptJobs(kind, ['QUEUED', 'QUEUED', ['COMPLETED_WITH_ERRORS', { Message: '3 resources failed' }]]);
    expect(await run()).toMatchObject({
      jobStatus: 'COMPLETED_WITH_ERRORS',
      ...(noun === 'Export' && { message: '3 resources failed' }),
    });
    expect(aws.called()).toEqual([...before, START, DESCRIBE, DESCRIBE, DESCRIBE, ...after]);
  });

  test('with JobId starts nothing and waits for that job', async () => {
    scriptJobs(kind, ['IN_PROGRESS', 'COMPLETED']);
    expect(await execute(flow, { DatastoreId: datastoreId, JobId: 'j1', polling })).toMatchObject({
      jobId: 'j1',
      jobStatus: 'COMPLETED',
      ...(provisions && { datastoreId }),
    });
    expect(aws.called()).toEqual([DESCRIBE, DESCRIBE, ...after]);
  });

  test('invalid inputs fail with one ValidationFailed that names them all, and no call is made', async () => {
    scriptJobs(kind, ['COMPLETED']);
    const bad = { ...kind.input, ...where, OutputS3Uri: 'file:///out', [nameMember]: '', Froce: true };
    const { type, message } = await failureOf(execute(flow, bad));
    expect(type).toBe('ValidationFailed');
    for (const name of ['OutputS3Uri', nameMember, 'Froce']) expect(message).toContain(name);
    expect(message).not.toContain('file:');
    const { message: missing } = await failureOf(execute(flow, { polling }));
    const needed = provisions ? ['DatastoreName', 'DatastoreTypeVersion'] : ['DatastoreId'];
    for (const name of [...needed, 'OutputS3Uri', 'OutputKmsKeyId', 'DataAccessRoleArn']) {
      expect(missing).toContain(`${name} is missing`);
    }
    expect(aws.called()).toEqual([]);
  });
});

describe.each(JOB_FLOWS.filter(([, , where]) => 'DatastoreId' in where))('%s', (flow, kind, where) => {
  const { noun } = kind;
  const START = `StartFHIR${noun}Job`;
  const run = (input: object = {}) => execute(flow, { ...kind.input, ...where, ...input });

  test('a job that ends too late fails WaitTimedOut, and says how to continue waiting', async () => {
    scriptJobs(kind, ['IN_PROGRESS']);
    const failure = await failureOf(run({ polling: { ...polling, timeout: 200 } }));
    expect(failure).toMatchObject({ type: 'WaitTimedOut', details: { step: `poll${noun}Job` } });
    expect(failure.message).toContain('start again with the id of this job (j1)');
  });

  test("an older job that a user's token has returned is reported", async () => {
    scriptJobs(kind, [['COMPLETED', { SubmitTime: now() - 3600 }]]);
    expect(await run({ ClientToken: 'mine' })).toMatchObject({ reusedJob: true });
  });

  test('a start that exceeds a quota is sent again', async () => {
    const started = { JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId };
    const refusal = error('ServiceQuotaExceededException', 402);
    scriptJobs(kind, ['COMPLETED'], { [START]: [refusal, started] });
    expect(await run()).toMatchObject({ jobId: 'j1' });
    expect(aws.callsOf(START)).toHaveLength(2);
  });

  test('a start that the service refuses fails at once, with the AWS error name', async () => {
    scriptJobs(kind, ['COMPLETED'], { [START]: [error('ValidationException')] });
    expect(await failureOf(run())).toMatchObject({
      type: 'ValidationException',
      details: { step: `start${noun}Job`, awsMessage: 'as scripted' },
    });
    expect(aws.called()).toEqual([START]);
  });
});

describe.each(JOB_FLOWS.filter(([, , where]) => 'DatastoreName' in where))('%s', (flow, kind, where) => {
  const { noun } = kind;

  test.each(UNUSABLE.slice(0, 2))(
    'a data store that is %s fails as %s, and nothing is started',
    async (status, type) => {
      scriptJobs(kind, ['COMPLETED'], { DescribeFHIRDatastore: [store('CREATING'), store(status)] });
      expect(await failureOf(execute(flow, { ...kind.input, ...where }))).toMatchObject({
        type,
        details: { step: 'pollDatastore', status, left: [{ remove: removal }] },
      });
      expect(aws.called()).not.toContain(`StartFHIR${noun}Job`);
    },
  );

  test('with DatastoreId creates nothing, and waits until that data store is ACTIVE', async () => {
    scriptJobs(kind, ['COMPLETED'], { DescribeFHIRDatastore: [store('CREATING'), store('ACTIVE')] });
    expect(await execute(flow, { ...kind.input, DatastoreId: datastoreId })).toMatchObject({
      datastoreId,
      datastoreArn,
    });
    expect(aws.called()).toEqual([
      'DescribeFHIRDatastore',
      'DescribeFHIRDatastore',
      `StartFHIR${noun}Job`,
      `DescribeFHIR${noun}Job`,
    ]);
  });

  test('JobId requires the DatastoreId of the job', async () => {
    const { message } = await failureOf(execute(flow, { ...where, JobId: 'j1' }));
    expect(message).toContain('DatastoreId is missing, which JobId needs');
  });
});

interface Listed {
  importJobPropertiesList?: { JobId: string }[];
  exportJobPropertiesList?: { JobId: string }[];
  nextToken?: string;
}

describe.each(JOB_FLOWS.filter(([, , where]) => 'DatastoreId' in where))('%s lists', (flow, kind, where) => {
  const { noun } = kind;
  const LIST = `ListFHIR${noun}Jobs`;
  const page = (ids: readonly string[], NextToken?: string) => ({
    [`${noun}JobPropertiesList`]: ids.map((JobId) => propertiesOf(noun, 'COMPLETED', { JobId })),
    ...(NextToken !== undefined && { NextToken }),
  });
  const lists = () => aws.callsOf(LIST).map(({ body }) => body);
  const run = async (input: object = {}) => {
    const result: Listed = await execute(flow, { ...kind.input, ...where, ...input });
    const { importJobPropertiesList: jobs = result.exportJobPropertiesList, nextToken } = result;
    return { jobs: jobs?.map(({ JobId }) => JobId), nextToken };
  };

  test('all pages, with MaxResults in the body', async () => {
    scriptJobs(kind, ['COMPLETED'], { [LIST]: [page(['j3', 'j2'], 'more'), page(['j1'])] });
    expect(await run({ MaxResults: 2 })).toEqual({ jobs: ['j3', 'j2', 'j1'], nextToken: undefined });
    expect(lists()).toEqual([
      { DatastoreId: datastoreId, MaxResults: 2 },
      { DatastoreId: datastoreId, MaxResults: 2, NextToken: 'more' },
    ]);
  });

  test('no more than 1,000 jobs, and the token with which the list continues', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `j${index}`);
    scriptJobs(kind, ['COMPLETED'], { [LIST]: [page(ids, 'more')] });
    expect(await run({ MaxResults: 500 })).toMatchObject({ jobs: { length: 1000 }, nextToken: 'more' });
    expect(lists()).toHaveLength(2);
  });

  test('on from where a list was cut, without starting another job', async () => {
    scriptJobs(kind, ['COMPLETED'], { [LIST]: [page(['j1'])] });
    expect(await run({ JobId: 'j1', NextToken: 'more' })).toEqual({ jobs: ['j1'], nextToken: undefined });
    expect(lists()).toEqual([{ DatastoreId: datastoreId, NextToken: 'more' }]);
    expect(aws.called()).toEqual([`DescribeFHIR${noun}Job`, LIST]);
    const { message } = await failureOf(run({ NextToken: 'more' }));
    expect(message).toContain('JobId is missing, which NextToken needs');
  });

  test('reports a token that the service no longer accepts', async () => {
    scriptJobs(kind, ['COMPLETED'], { [LIST]: [error('ValidationException', 400, 'DOE')] });
    const failure = await failureOf(run({ JobId: 'j1', NextToken: 'old' }));
    expect(failure).toMatchObject({
      type: 'ValidationException',
      message: expect.stringMatching(/does not accept the token of the input.*Start again without it/),
      details: { step: `list${noun}Jobs`, awsMessage: 'DOE' },
    });
    expect(failure.message).not.toContain('DOE');
  });

  test('with MaxResults as text, as the published document has it', async () => {
    scriptJobs(kind, ['COMPLETED'], { [LIST]: [page(['j1'])] });
    await run({ MaxResults: '2' });
    expect(lists()).toEqual([{ DatastoreId: datastoreId, MaxResults: 2 }]);
  });

  test.each([0, 501, '501', 'five', 1.5])('not with MaxResults %j', async (MaxResults) => {
    scriptJobs(kind, ['COMPLETED']);
    const { type, message } = await failureOf(run({ MaxResults }));
    expect([type, message]).toEqual(['ValidationFailed', expect.stringContaining('MaxResults')]);
  });
});

describe.each(JOB_FLOWS.filter(([, { noun }]) => noun === 'Import'))('%s', (flow, kind, where) => {
  const manifest = (imported: number) => ({
    [manifestUri]: JSON.stringify({
      numberOfResourcesScanned: 9,
      numberOfResourcesImportedSuccessfully: imported,
      numberOfResourcesWithCustomerError: 9 - imported,
      numberOfResourcesWithServerError: 0,
    }),
  });
  const run = (input: object = {}) =>
    execute(flow, { ...kind.input, ...where, onFileErrors: 'report', ...input });

  test('reads the outcome of the import from its manifest', async () => {
    const progress = { TotalNumberOfResourcesScanned: 9 };
    scriptJobs(kind, [['COMPLETED', { JobProgressReport: progress }]], {}, manifest(7));
    expect(await run()).toMatchObject({
      outcome: 'partial',
      counts: { scanned: 9, imported: 7, customerErrors: 2, serverErrors: 0 },
      progress,
    });
  });

  test('one that imported nothing is a failure with its result, and all steps are done', async () => {
    scriptJobs(kind, ['COMPLETED'], {}, manifest(0));
    expect(await failureOf(run())).toMatchObject({
      type: 'NothingImported',
      details: { counts: { imported: 0 }, result: { jobId: 'j1' } },
    });
    expect(aws.called().includes('ListFHIRImportJobs')).toBe('DatastoreId' in where);
  });
});
