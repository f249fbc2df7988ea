/**
 * Whatever is killed, and whichever step a flow stands at: the run ends right, and AWS has seen one job, one copy.
 *
 * One kill serves ten runs, each of which stands at a step of its own: those that wait, at something that does not end
 * by itself; those that change something, at a call that is not answered.
 */
import type { Moment } from '../../local-aws/faults.ts';
import type { OperationName } from '../../local-aws/control.ts';
import type { FlowRun } from '../../src/client.ts';
import type { FlowName } from '../../src/input-rules/flows.ts';
import { p10, putFiles, until } from '../local-aws/harness.ts';
import { polling, roleArn } from '../support/inputs.ts';
import { VICTIMS, startPlatform, type Platform, type Victim } from './platform.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await putFiles(platform.data, 'dicom', { 'in/1.dcm': p10({ series: '1.2.1', instance: '1.2.1.1' }) });
  await putFiles(platform.data, 'fhir', { 'in/Patient.ndjson': '{"resourceType":"Patient","id":"p1"}\n' });
});
afterAll(() => platform.stop());

const moments: readonly Moment[] = ['before', 'after'];
const kills = VICTIMS.flatMap((victim) => moments.map((moment): [Victim, Moment] => [victim, moment]));

test.each(kills)('%s killed, with calls unanswered %s they have taken effect', async (victim, moment) => {
  const copies = await copyPairs(4);
  const stores = [await fhirDatastore(), await fhirDatastore()] as const;
  const before = await counts();

  const runs = [...(await standAtWaits(copies, stores)), ...(await standAtCalls(copies, stores, moment))];
  await platform.killAndRestart(victim);
  await letEverythingEnd(runs);

  const results = await Promise.all(runs.map((run) => run.result()));
  expect(
    results.map((result) => ('outcome' in result ? result.outcome : result.imageSetWorkflowStatus)),
  ).toEqual([
    'complete',
    'complete',
    'COPIED',
    'COPIED',
    'COPIED',
    'complete',
    'complete',
    'complete',
    'complete',
    'COPIED',
  ]);
  const after = await counts();
  expect(after.dicomImport - before.dicomImport).toBe(4);
  expect(after.fhirImport - before.fhirImport).toBe(2);
  expect(after.datastores - before.datastores).toBe(4);
  expect(await versions(copies)).toEqual(['2', '2', '2', '2']);
});

interface CopyPair {
  datastoreId: string;
  sourceImageSetId: string;
  destinationImageSetId: string;
}

type Run = FlowRun<FlowName>;

let made = 0;

const onboard = () =>
  platform.flows.start('onboardDatastoreAndImport', {
    datastoreName: `store-${++made}`,
    dataAccessRoleArn: roleArn,
    inputS3Uri: 's3://dicom/in/',
    outputS3Uri: 's3://dicom/out/',
    polling,
  });

const copy = (pair: CopyPair | undefined) => {
  if (!pair) throw new Error('there are four pairs');
  return platform.flows.start('copyImageSet', { ...pair, force: true, polling });
};

const fhirImport = (DatastoreId: string) =>
  platform.flows.start('startImportAndWaitCompleted', {
    DatastoreId,
    InputS3Uri: 's3://fhir/in/',
    OutputS3Uri: 's3://fhir/out/',
    OutputKmsKeyId: 'alias/key',
    DataAccessRoleArn: roleArn,
    polling,
  });

/** Starts a run for each step that waits, and lets each come to where it waits. */
async function standAtWaits(
  [first, second, third]: CopyPair[],
  [store]: readonly [string, string],
): Promise<Run[]> {
  const { control } = platform.aws;
  const never = {
    datastoreCreateMs: 'never',
    dicomImportMs: 'never',
    copyMs: 'never',
    fhirImportMs: 'never',
  } as const;
  const nothing = { datastoreCreateMs: 0, dicomImportMs: 0, copyMs: 0, fhirImportMs: 0 };

  await control.settings({ ...never, datastoreCreateMs: 0 });
  const pollImportJob = await standing(onboard(), 'pollImportJob', 'IN_PROGRESS');
  await control.settings(never);
  const pollDatastore = await standing(onboard(), 'pollDatastore', 'CREATING');
  const pollDestination = await standing(copy(first), 'pollDestination', 'COPYING');
  await lock(second?.sourceImageSetId ?? '');
  const getSourceImageSet = await standing(copy(second), 'getSourceImageSet', 'LOCKED');
  await lock(third?.destinationImageSetId ?? '');
  const getDestinationImageSet = await standing(copy(third), 'getDestinationImageSet', 'LOCKED');
  const pollFhirImportJob = await standing(fhirImport(store), 'pollImportJob', 'IN_PROGRESS');
  await control.settings(nothing);
  return [
    pollImportJob,
    pollDatastore,
    pollDestination,
    getSourceImageSet,
    getDestinationImageSet,
    pollFhirImportJob,
  ];
}

/** Starts a run for each call that changes something; none gets an answer. The one before which no other run comes last. */
async function standAtCalls(
  pairs: CopyPair[],
  [, store]: readonly [string, string],
  when: Moment,
): Promise<Run[]> {
  return [
    await held('StartFHIRImportJob', when, () => fhirImport(store)),
    await held('StartDICOMImportJob', when, onboard),
    await held('CreateDatastore', when, onboard),
    await held('CopyImageSet', when, () => copy(pairs[3])),
  ];
}

/** Waits until a run stands at a step. */
async function standing(starting: Promise<Run>, step: string, status: string): Promise<Run> {
  const run = await starting;
  await until(
    () => platform.flows.progress(run.workflowId).catch(() => undefined),
    (progress) => progress?.step === step && progress.status === status,
  );
  return run;
}

/** Has the call of a run unanswered, and those of every further attempt as well. */
async function held(operation: OperationName, when: Moment, start: () => Promise<Run>): Promise<Run> {
  const { control } = platform.aws;
  const seen = (await control.calls({ operation })).length;
  await control.hold({ operation, when, count: 1_000 });
  const run = await start();
  await until(
    () => control.calls({ operation }),
    (calls) => calls.slice(seen).some(({ outcome }) => outcome === 'held'),
  );
  return run;
}

/** Ends what would never end: each thing that the runs wait for, and every call that is held. */
async function letEverythingEnd(runs: readonly Run[]): Promise<void> {
  const { control } = platform.aws;
  await control.resetFaults();
  for (const run of runs) {
    const progress = await until(
      () => platform.flows.progress(run.workflowId).catch(() => undefined),
      (answer) => answer !== undefined,
    );
    const { datastoreId = '', imageSetId = '', jobId = '' } = progress?.ids ?? {};
    if (progress?.step === 'pollDatastore') await control.settle({ kind: 'datastore', id: datastoreId });
    if (progress?.step === 'pollDestination') await control.settle({ kind: 'imageSet', id: imageSetId });
    if (jobId) await settleJob(jobId);
  }
  for (const id of locked.splice(0)) {
    await control.arrange({
      kind: 'imageSet',
      id,
      patch: { imageSetState: 'ACTIVE', imageSetWorkflowStatus: 'CREATED' },
    });
  }
}

async function settleJob(id: string): Promise<void> {
  const { control } = platform.aws;
  await control
    .settle({ kind: 'dicomImportJob', id })
    .catch(() => control.settle({ kind: 'fhirImportJob', id }));
}

const locked: string[] = [];

async function lock(id: string): Promise<void> {
  locked.push(id);
  await platform.aws.control.arrange({
    kind: 'imageSet',
    id,
    patch: { imageSetState: 'LOCKED', imageSetWorkflowStatus: 'UPDATING' },
  });
}

async function counts() {
  const { datastoreSummaries = [] } = await platform.aws.imaging.listDatastores({ maxResults: 50 });
  return { ...(await platform.aws.control.jobs()), datastores: datastoreSummaries.length };
}

const versions = (pairs: readonly CopyPair[]) =>
  Promise.all(
    pairs.map(async ({ datastoreId, destinationImageSetId: imageSetId }) => {
      const { versionId } = await platform.aws.imaging.getImageSet({ datastoreId, imageSetId });
      return versionId;
    }),
  );

async function fhirDatastore(): Promise<string> {
  const { healthlake } = platform.aws;
  const { DatastoreId = '' } = await healthlake.createFHIRDatastore({ DatastoreTypeVersion: 'R4' });
  await until(
    () => healthlake.describeFHIRDatastore({ DatastoreId }),
    ({ DatastoreProperties }) => DatastoreProperties?.DatastoreStatus === 'ACTIVE',
  );
  return DatastoreId;
}

/** Imports two series for each pair, into a data store of their own. */
async function copyPairs(count: number): Promise<CopyPair[]> {
  const { imaging } = platform.aws;
  const bucket = `pairs-${++made}`;
  const slices = Array.from({ length: 2 * count }, (_, index) => [
    `in/${index}.dcm`,
    p10({ series: `1.2.${made}.${index}`, instance: `1.2.${made}.${index}.1` }),
  ]);
  await putFiles(platform.data, bucket, Object.fromEntries(slices));
  const { datastoreId } = await platform.flows.execute('onboardDatastoreAndImport', {
    datastoreName: bucket,
    dataAccessRoleArn: roleArn,
    inputS3Uri: `s3://${bucket}/in/`,
    outputS3Uri: `s3://${bucket}/out/`,
    polling,
  });
  const { imageSetsMetadataSummaries = [] } = await imaging.searchImageSets({ datastoreId, maxResults: 50 });
  const ids = imageSetsMetadataSummaries.map(({ imageSetId = '' }) => imageSetId);
  return Array.from({ length: count }, (_, index) => ({
    datastoreId,
    sourceImageSetId: ids[2 * index] ?? '',
    destinationImageSetId: ids[2 * index + 1] ?? '',
  }));
}
