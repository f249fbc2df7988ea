/**
 * Whatever is killed, and whichever step a flow stands at: the run ends right, and AWS has seen one job, one copy.
 *
 * One kill serves ten runs, each of which stands at a step of its own: those that wait, at something that does not end
 * by itself; those that change something, at a call that is not answered.
 */
import type { Moment } from '../../local-aws/faults.ts';
import type { OperationName } from '../../local-aws/control.ts';
import { until } from '../local-aws/harness.ts';
import { VICTIMS, startPlatform, type Platform, type Victim } from './platform.ts';
import {
  copyPairs,
  counts,
  endOf,
  fhirDatastore,
  putSamples,
  runsOf,
  versions,
  type CopyPair,
  type Run,
} from './runs.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
  await putSamples(platform);
});
afterAll(() => platform.stop());

const moments: readonly Moment[] = ['before', 'after'];
const kills = VICTIMS.flatMap((victim) => moments.map((moment): [Victim, Moment] => [victim, moment]));

test.each(kills)('%s killed, with calls unanswered %s they have taken effect', async (victim, moment) => {
  const copies = await copyPairs(platform, 4);
  const stores = [await fhirDatastore(platform), await fhirDatastore(platform)] as const;
  const before = await counts(platform);

  const runs = [...(await standAtWaits(copies, stores)), ...(await standAtCalls(copies, stores, moment))];
  await platform.killAndRestart(victim);
  await letEverythingEnd(runs);

  const results = await Promise.all(runs.map((run) => run.result()));
  expect(results.map((result) => endOf(result))).toEqual([
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
  const after = await counts(platform);
  expect(after.dicomImport - before.dicomImport).toBe(4);
  expect(after.fhirImport - before.fhirImport).toBe(2);
  expect(after.datastores - before.datastores).toBe(4);
  expect(await versions(platform, copies)).toEqual(['2', '2', '2', '2']);
});

/** Starts a run for each step that waits, and lets each come to where it waits. */
async function standAtWaits(
  [first, second, third]: CopyPair[],
  [store]: readonly [string, string],
): Promise<Run[]> {
  const { control } = platform.aws;
  const { onboard, copy, fhirImport } = runsOf(platform);
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
  const { onboard, copy, fhirImport } = runsOf(platform);
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
