/** EventBridge events of both services, as a consumer receives them from the queue. */
import { rm } from 'node:fs/promises';
import { activeFhirDatastore, importReached, startFhirExport, startFhirImport } from './fhir-harness.ts';
import { localAws, p10, putFiles, temporaryFolder, type Clients, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, startImport } from './imaging-harness.ts';
import { Program } from './program.ts';

interface AwsEvent {
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Receives and deletes events until there are `count`. The time limit of the test ends a wait for one that does not come. */
async function events({ sqs, control }: Clients, count: number): Promise<AwsEvent[]> {
  const { eventQueue } = await control.settings();
  const { QueueUrl } = await sqs.getQueueUrl({ QueueName: eventQueue });
  const received: AwsEvent[] = [];
  while (received.length < count) {
    const { Messages = [] } = await sqs.receiveMessage({
      QueueUrl,
      MaxNumberOfMessages: Math.min(count - received.length, 10),
      WaitTimeSeconds: 20,
    });
    for (const { Body = '', ReceiptHandle } of Messages) {
      received.push(JSON.parse(Body) as AwsEvent);
      await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    }
  }
  return received;
}

async function waitingEvents({ sqs, control }: Clients) {
  const { eventQueue } = await control.settings();
  const { QueueUrl } = await sqs.getQueueUrl({ QueueName: eventQueue });
  const { Attributes = {} } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['All'] });
  return {
    visible: Number(Attributes['ApproximateNumberOfMessages']),
    delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed']),
  };
}

const types = (received: readonly AwsEvent[]) => received.map((event) => event['detail-type']);

let aws: LocalAwsUnderTest;
beforeAll(async () => (aws = await localAws({ eventQueue: 'events' })));
afterAll(() => aws.close());
beforeEach(() => aws.control.reset());

const imageFiles = { '1.dcm': p10({ series: '1.1', instance: '1.1.1' }) };

describe('HealthImaging', () => {
  test('an import from its data store to its image set', async () => {
    await putFiles(aws.data, 'input', imageFiles);
    const datastoreId = await activeDatastore(aws, { datastoreName: 'radiology' });
    const job = await importAll(aws, { datastoreId, inputS3Uri: 's3://input/', jobName: 'mine' });
    const received = await events(aws, 6);
    expect(types(received)).toEqual([
      'Data Store Creating',
      'Data Store Created',
      'Import Job Submitted',
      'Import Job In Progress',
      'Image Set Created',
      'Import Job Completed',
    ]);
    const datastore = `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${datastoreId}`;
    expect(received[1]).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      'detail-type': 'Data Store Created',
      source: 'aws.medical-imaging',
      account: '123456789012',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'us-east-1',
      resources: [datastore],
      detail: {
        imagingVersion: '1.0',
        datastoreId,
        datastoreName: 'radiology',
        datastoreStatus: 'ACTIVE',
      },
    });
    expect(received[5]).toMatchObject({
      resources: [datastore],
      detail: {
        imagingVersion: '1.0',
        datastoreId,
        jobId: job.jobId,
        jobName: 'mine',
        jobStatus: 'COMPLETED',
        inputS3Uri: 's3://input/',
        outputS3Uri: `s3://results/out/${datastoreId}-DicomImport-${job.jobId}/`,
      },
    });
    const { '1.1': imagesetId } = await imageSetsBySeries(aws, datastoreId);
    expect(received[4]).toMatchObject({
      resources: [`${datastore}/imageset/${imagesetId}`],
      detail: {
        imagingVersion: '1.0',
        isPrimary: true,
        imageSetVersion: '1',
        datastoreId,
        imagesetId,
        imageSetState: 'ACTIVE',
        imageSetWorkflowStatus: 'CREATED',
      },
    });
    expect(new Set(received.map(({ id }) => id)).size).toBe(6);
  });

  test('a copy, an update that fails, a deletion, and nothing for an import into an image set', async () => {
    await putFiles(aws.data, 'input', imageFiles);
    const datastoreId = await activeDatastore(aws);
    for (const jobName of ['first', 'again']) {
      await importAll(aws, { datastoreId, inputS3Uri: 's3://input/', jobName });
    }
    const { '1.1': imageSetId = '' } = await imageSetsBySeries(aws, datastoreId);
    expect(types(await events(aws, 9)).filter((type) => type.startsWith('Image'))).toEqual([
      'Image Set Created',
    ]);
    await aws.control.failOutcome({ operation: 'UpdateImageSetMetadata' });
    await aws.imaging.updateImageSetMetadata({
      datastoreId,
      imageSetId,
      latestVersionId: '2',
      updateImageSetMetadataUpdates: { revertToVersionId: '1' },
    });
    expect(types(await events(aws, 2))).toEqual(['Image Set Updating', 'Image Set Update Failed']);
    await aws.imaging.copyImageSet({
      datastoreId,
      sourceImageSetId: imageSetId,
      copyImageSetInformation: { sourceImageSet: { latestVersionId: '3' } },
    });
    const copied = await events(aws, 4);
    expect(types(copied).toSorted()).toEqual([
      'Image Set Copied',
      'Image Set Copied',
      'Image Set Copying',
      'Image Set Copying With Read Only Access',
    ]);
    const source = copied.filter(({ detail }) => detail['sourceImageSetArn'] !== undefined);
    expect(types(source)).toEqual(['Image Set Copying']);
    expect(source[0]?.detail['sourceImageSetArn']).toMatch(new RegExp(`/imageset/${imageSetId}$`));
    await aws.imaging.deleteImageSet({ datastoreId, imageSetId });
    expect(types(await events(aws, 2))).toEqual(['Image Set Deleting', 'Image Set Deleted']);
  });

  test('an import that fails, and a data store that cannot be made', async () => {
    await aws.control.failOutcome({ operation: 'StartDICOMImportJob' });
    const datastoreId = await activeDatastore(aws);
    await importAll(aws, { datastoreId, inputS3Uri: 's3://input/' });
    expect(types(await events(aws, 5)).at(-1)).toBe('Import Job Failed');
    await aws.control.failOutcome({ operation: 'CreateDatastore' });
    await aws.imaging.createDatastore({});
    expect(types(await events(aws, 2))).toEqual(['Data Store Creating', 'Data Store Creation Failed']);
  });
});

describe('HealthLake', () => {
  test('a data store, an import that waits for another, and an export', async () => {
    await putFiles(aws.data, 'input', { 'good/a.ndjson': '{"resourceType":"Patient","id":"a"}\n' });
    const DatastoreId = await activeFhirDatastore(aws, { DatastoreName: 'clinic' });
    const [creating, active] = await events(aws, 2);
    expect([creating?.['detail-type'], active?.['detail-type']]).toEqual([
      'Data Store Creating',
      'Data Store Active',
    ]);
    expect(active).toMatchObject({
      source: 'aws.healthlake',
      resources: [`arn:aws:healthlake:us-east-1:123456789012:datastore/fhir/${DatastoreId}`],
      detail: {
        datastoreId: DatastoreId,
        datastoreName: 'clinic',
        datastoreTypeVersion: 'R4',
        datastoreEndpoint: `${aws.endpoint}/datastore/${DatastoreId}/r4/`,
      },
    });
    await aws.control.settings({ fhirImportMs: 'never' });
    const first = await startFhirImport(aws, { DatastoreId });
    await importReached(aws, { DatastoreId, JobId: first }, 'IN_PROGRESS');
    const JobId = await startFhirImport(aws, { DatastoreId });
    await importReached(aws, { DatastoreId, JobId }, 'QUEUED');
    await aws.control.settings({ fhirImportMs: 0 });
    await aws.control.settle({ kind: 'fhirImportJob', id: first });
    const received = await events(aws, 7);
    const ofSecond = received.filter(({ detail }) => detail['jobId'] === JobId);
    expect(types(ofSecond)).toEqual([
      'Import Job Submitted',
      'Import Job Queued',
      'Import Job In Progress',
      'Import Job Completed',
    ]);
    const job = await importReached(aws, { DatastoreId, JobId }, 'COMPLETED');
    expect(ofSecond[3]?.detail).toEqual({
      jobId: JobId,
      submitTime: job?.SubmitTime?.toISOString(),
      datastoreId: DatastoreId,
      inputDataConfig: { s3Uri: 's3://input/good/' },
    });
    await startFhirExport(aws, { DatastoreId });
    const exported = await events(aws, 3);
    expect(types(exported)).toEqual([
      'Export Job Submitted',
      'Export Job In Progress',
      'Export Job Completed',
    ]);
    expect(exported[2]?.detail['outputDataConfig']).toEqual({ s3Uri: 's3://results/export' });
  });

  test('an import with errors, and the end of a data store', async () => {
    await putFiles(aws.data, 'input', { 'bad/a.ndjson': '{"resourceType":"Patient"}\n' });
    const DatastoreId = await activeFhirDatastore(aws);
    await startFhirImport(aws, { DatastoreId, S3Uri: 's3://input/bad/' });
    expect(types(await events(aws, 5)).at(-1)).toBe('Import Job Completed With Errors');
    await aws.healthlake.deleteFHIRDatastore({ DatastoreId });
    expect(types(await events(aws, 2))).toEqual(['Data Store Deleting', 'Data Store Deleted']);
  });
});

describe('a fault', () => {
  const twoStates = () => aws.imaging.createDatastore({});

  test('loses an event of one type', async () => {
    await aws.control.eventFault({ how: 'lose', detailType: 'Data Store Created' });
    await twoStates();
    await twoStates();
    expect(types(await events(aws, 3))).toEqual([
      'Data Store Creating',
      'Data Store Creating',
      'Data Store Created',
    ]);
  });

  test('duplicates events, with the same id', async () => {
    await aws.control.eventFault({ how: 'duplicate', count: 2 });
    await twoStates();
    const received = await events(aws, 4);
    expect(new Set(received.map(({ id }) => id)).size).toBe(2);
  });

  test('delays an event', async () => {
    await aws.control.eventFault({ how: 'delay', ms: 900_000, detailType: 'Data Store Creating' });
    await twoStates();
    expect(types(await events(aws, 1))).toEqual(['Data Store Created']);
    expect(await waitingEvents(aws)).toEqual({ visible: 0, delayed: 1 });
  });

  test('lets the next event overtake one', async () => {
    await aws.control.eventFault({ how: 'reorder' });
    await twoStates();
    expect(types(await events(aws, 2))).toEqual(['Data Store Created', 'Data Store Creating']);
  });

  test('that does not exist is refused by name', async () => {
    const fault = { how: 'lose', detailType: 'Import Job Done' } as const;
    await expect(aws.control.eventFault(fault)).rejects.toThrow('there is no event "Import Job Done"');
    await expect(aws.control.eventFault({ how: 'burn' as never })).rejects.toThrow('how must be one of');
  });
});

describe('the queue', () => {
  test('is made by the setting, and gets only what happens from then on', async () => {
    await aws.control.settings({ datastoreCreateMs: 'never' });
    const { datastoreId = '' } = await aws.imaging.createDatastore({});
    await aws.control.settings({ eventQueue: 'later' });
    await aws.control.settle({ kind: 'datastore', id: datastoreId });
    expect(types(await events(aws, 1))).toEqual(['Data Store Created']);
    expect(await waitingEvents(aws)).toEqual({ visible: 0, delayed: 0 });
  });

  test('has a name that SQS accepts', async () => {
    const wrong = aws.control.settings({ eventQueue: 'a b' });
    await expect(wrong).rejects.toThrow('eventQueue must be the name of a standard queue');
    expect(await aws.control.settings()).toMatchObject({ eventQueue: 'events' });
  });

  test('gets an event when a planned state begins, even if nobody calls', async () => {
    await aws.control.settings({ datastoreCreateMs: 100 });
    await aws.imaging.createDatastore({});
    expect(types(await events(aws, 2))).toEqual(['Data Store Creating', 'Data Store Created']);
  });

  test('gets an event for each state that a test arranges', async () => {
    const datastoreId = await activeDatastore(aws);
    await aws.control.arrange({ kind: 'datastore', id: datastoreId, patch: { status: 'CREATE_FAILED' } });
    expect(types(await events(aws, 3)).at(-1)).toBe('Data Store Creation Failed');
  });

  test('has each event once after a SIGKILL, with the time at which its state began', async () => {
    const data = await temporaryFolder();
    const settings = {
      datastoreCreateMs: 0,
      dicomImportSubmittedMs: 700,
      dicomImportMs: 0,
      eventQueue: 'events',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const killed = new Program(['--data', data, ...flags]);
    const before = await killed.clients();
    const datastoreId = await activeDatastore(before);
    await putFiles(data, 'input', imageFiles);
    const { submittedAt } = await startImport(before, { datastoreId, inputS3Uri: 's3://input/' });
    await killed.end('SIGKILL');
    const restarted = new Program(['--data', data, ...flags]);
    const after = await restarted.clients();
    const received = await events(after, 6);
    expect(types(received).toSorted()).toEqual([
      'Data Store Created',
      'Data Store Creating',
      'Image Set Created',
      'Import Job Completed',
      'Import Job In Progress',
      'Import Job Submitted',
    ]);
    const begun = received.find((event) => event['detail-type'] === 'Import Job In Progress');
    const expected = new Date(Number(submittedAt) + settings.dicomImportSubmittedMs).toISOString();
    expect(begun?.time).toBe(`${expected.slice(0, 19)}Z`);
    expect(await waitingEvents(after)).toEqual({ visible: 0, delayed: 0 });
    await restarted.end('SIGTERM');
    await rm(data, { recursive: true });
  });
});
