/** The steps at which a run can be when a process is killed, and how a test makes a run stay at each. */
import type { OperationName } from '../../local-aws/control.ts';
import type { Moment } from '../../local-aws/faults.ts';
import type { Settings } from '../../local-aws/settings.ts';
import { instant, until } from '../local-aws/harness.ts';
import type { Platform } from './platform.ts';
import { begin, prepare, type Begun, type Kind, type Prepared } from './runs.ts';

/**
 * The obstacles that keep runs at a step, in the order in which they are set up: each would also stop runs that must first
 * reach an earlier one. Calls that are sent once come last, because a run stays there only until the attempt times out.
 */
const STAGES = [
  ['lost'],
  ['dicomImportMs', 'copyMs', 'updateMs', 'fhirDatastoreDeleteMs', 'fhirImportMs', 'fhirExportMs'],
  ['datastoreCreateMs', 'fhirDatastoreCreateMs', 'locked'],
  ['StartDICOMImportJob', 'StartFHIRImportJob', 'StartFHIRExportJob', 'ListTagsForResource'],
  ['CreateDatastore', 'CreateFHIRDatastore', 'TagResource'],
  ['CopyImageSet', 'UpdateImageSetMetadata', 'DeleteFHIRDatastore'],
] as const;

type Keeper = (typeof STAGES)[number][number];

type Obstacle =
  /** The awaited operation never ends. */
  | { readonly endless: Extract<Keeper, keyof Settings> }
  /** Another writer has LOCKED the image set. */
  | { readonly locked: 'imageSetId' | 'otherImageSetId' }
  /** The call and its retries get no reply. */
  | { readonly unanswered: Extract<Keeper, OperationName> }
  /**
   * AWS applies the request, its reply is lost, and what it has begun never ends. The run waits at the step `at` until the
   * image set is free, to find out what became of it.
   */
  | { readonly lost: OperationName; readonly endless: Extract<Keeper, keyof Settings>; readonly at: string };

/** Every step at which a run waits or changes something, by the kind of run. */
const STEPS: Readonly<Record<Kind, Readonly<Record<string, Obstacle>>>> = {
  onboardDatastoreAndImport: {
    createDatastore: { unanswered: 'CreateDatastore' },
    pollDatastore: { endless: 'datastoreCreateMs' },
    startImportJob: { unanswered: 'StartDICOMImportJob' },
    pollImportJob: { endless: 'dicomImportMs' },
  },
  copyImageSet: {
    getSourceImageSet: { locked: 'imageSetId' },
    getDestinationImageSet: { locked: 'otherImageSetId' },
    copyImageSet: { unanswered: 'CopyImageSet' },
    'copyImageSet, reply lost': { lost: 'CopyImageSet', endless: 'copyMs', at: 'getSourceImageSet' },
    pollDestination: { endless: 'copyMs' },
  },
  copyToNew: {
    getSourceImageSet: { locked: 'imageSetId' },
    copyImageSet: { unanswered: 'CopyImageSet' },
    'copyImageSet, reply lost': { lost: 'CopyImageSet', endless: 'copyMs', at: '+sourceNow' },
    pollDestination: { endless: 'copyMs' },
  },
  updateImageSetMetadata: {
    getImageSet: { locked: 'imageSetId' },
    updateMetadata: { unanswered: 'UpdateImageSetMetadata' },
    'updateMetadata, reply lost': { lost: 'UpdateImageSetMetadata', endless: 'updateMs', at: 'getImageSet' },
    '+awaitUpdate': { endless: 'updateMs' },
  },
  tagImageSet: {
    tagResource: { unanswered: 'TagResource' },
    listTags: { unanswered: 'ListTagsForResource' },
  },
  provisionDatastore: {
    createDatastore: { unanswered: 'CreateDatastore' },
    pollDatastore: { endless: 'datastoreCreateMs' },
  },
  importDicomAndSearch: {
    startImportJob: { unanswered: 'StartDICOMImportJob' },
    pollImportJob: { endless: 'dicomImportMs' },
  },
  createFhirDatastoreAndWaitActive: {
    createDatastore: { unanswered: 'CreateFHIRDatastore' },
    pollDatastore: { endless: 'fhirDatastoreCreateMs' },
  },
  deleteFhirDatastoreAndConfirm: {
    deleteDatastore: { unanswered: 'DeleteFHIRDatastore' },
    pollDatastore: { endless: 'fhirDatastoreDeleteMs' },
  },
  provisionDatastoreAndExport: {
    createDatastore: { unanswered: 'CreateFHIRDatastore' },
    pollDatastore: { endless: 'fhirDatastoreCreateMs' },
    startExportJob: { unanswered: 'StartFHIRExportJob' },
    pollExportJob: { endless: 'fhirExportMs' },
  },
  provisionDatastoreAndImport: {
    createDatastore: { unanswered: 'CreateFHIRDatastore' },
    pollDatastore: { endless: 'fhirDatastoreCreateMs' },
    startImportJob: { unanswered: 'StartFHIRImportJob' },
    pollImportJob: { endless: 'fhirImportMs' },
  },
  startExportPollAndList: {
    startExportJob: { unanswered: 'StartFHIRExportJob' },
    pollExportJob: { endless: 'fhirExportMs' },
  },
  startImportPollAndList: {
    startImportJob: { unanswered: 'StartFHIRImportJob' },
    pollImportJob: { endless: 'fhirImportMs' },
  },
  startImportAndWaitCompleted: {
    startImportJob: { unanswered: 'StartFHIRImportJob' },
    pollImportJob: { endless: 'fhirImportMs' },
  },
};

/** A kind of run, and the step at which the run is kept. */
export interface Stand {
  readonly kind: Kind;
  readonly step: string;
  readonly obstacle: Obstacle;
}

export const standsOf = (kind: Kind): Stand[] =>
  Object.entries(STEPS[kind]).map(([step, obstacle]) => ({ kind, step, obstacle }));

type Ready = Prepared & Stand;
type Kept = Begun & Stand;

/** Starts a run for each stand, and waits until each has reached its step. */
export async function bringToStand(
  platform: Platform,
  stands: readonly Stand[],
  moment: Moment,
): Promise<Kept[]> {
  const ready = await Promise.all(
    stands.map(async (stand) => ({
      ...stand,
      ...(await prepare(platform, stand.kind)),
      title: `${stand.kind} at ${stand.step}`,
    })),
  );
  const kept: Kept[] = [];
  for (const stage of STAGES) {
    const next = ready.filter(({ obstacle }) => isOfStage(obstacle, stage));
    await putUp(platform, next, moment);
    const begun = await Promise.all(next.map((run) => begin(platform, run)));
    for (const run of begun) await untilKept(platform, run);
    kept.push(...begun);
  }
  return kept;
}

function isOfStage(obstacle: Obstacle, stage: readonly Keeper[]): boolean {
  if ('lost' in obstacle) return stage.includes('lost');
  if ('locked' in obstacle) return stage.includes('locked');
  return stage.includes('endless' in obstacle ? obstacle.endless : obstacle.unanswered);
}

async function putUp({ aws: { control } }: Platform, runs: readonly Ready[], moment: Moment): Promise<void> {
  const endless = runs.flatMap(({ obstacle }) =>
    'endless' in obstacle ? [[obstacle.endless, 'never']] : [],
  );
  await control.settings({ ...instant, ...Object.fromEntries(endless) });
  for (const { obstacle, place } of runs) {
    if ('locked' in obstacle) await control.arrange(imageSet(place[obstacle.locked], 'LOCKED', 'UPDATING'));
    if ('lost' in obstacle) await control.dropConnection({ operation: obstacle.lost, when: 'after' });
    if ('unanswered' in obstacle) {
      await control.hold({ operation: obstacle.unanswered, when: moment, count: 1_000 });
    }
  }
}

async function untilKept(platform: Platform, run: Kept): Promise<void> {
  const { obstacle, step } = run;
  if ('unanswered' in obstacle) return untilCalled(platform, run, obstacle.unanswered, 'held');
  if ('lost' in obstacle) await untilCalled(platform, run, obstacle.lost, 'dropped');
  const standsAt = 'lost' in obstacle ? obstacle.at : step;
  await until(
    () => platform.flows.whereabouts(run.run.workflowId),
    // A job that is still SUBMITTED has not reached the state in which it stays.
    (progress) => progress?.step === standsAt && !['', 'SUBMITTED'].includes(progress.status),
  );
}

/** Waits until a call of a run has a given outcome. */
async function untilCalled(
  { aws }: Platform,
  { run, place }: Kept,
  operation: OperationName,
  outcome: string,
): Promise<void> {
  // A token begins with the run id. A call without a token contains the id of a resource that was prepared for the run.
  const isOurs = (id: string) =>
    id.startsWith(run.firstExecutionRunId) || (place.datastoreId !== '' && id.includes(place.datastoreId));
  await until(
    () => aws.control.calls({ operation }),
    (calls) => calls.some((call) => call.outcome === outcome && Object.values(call.ids).some(isOurs)),
  );
}

/** Removes all obstacles. */
export async function letGo({ aws: { control } }: Platform, runs: readonly Kept[]): Promise<void> {
  await control.resetFaults();
  await control.settleAll();
  for (const { obstacle, place } of runs) {
    if ('locked' in obstacle) await control.arrange(imageSet(place[obstacle.locked], 'ACTIVE', 'CREATED'));
  }
}

const imageSet = (id: string, imageSetState: string, imageSetWorkflowStatus: string) => ({
  kind: 'imageSet' as const,
  id,
  patch: { imageSetState, imageSetWorkflowStatus },
});
