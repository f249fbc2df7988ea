/** A fleet of imports, of either service. */
import { upsertMemo } from '@temporalio/workflow';
import type { ImportOrder } from '../../activities/fleet/import-jobs.ts';
import type { FleetSums } from '../../activities/fleet/record.ts';
import type { FleetSource } from '../../activities/fleet/roots.ts';
import type { PlanSums, StagedSums } from '../../activities/fleet/plan-files.ts';
import type { JobLimits } from '../../activities/fleet/cut.ts';
import type { FleetName } from '../../input-rules/fleets.ts';
import type { FleetOptions } from '../../input-rules/inputs.ts';
import { toMilliseconds } from '../../pacing/polling.ts';
import { fleets } from '../run/activities.ts';
import { flowFailure } from '../run/failures.ts';
import { runFlow, type Flow } from '../run/flow.ts';
import { workOff, type FleetJobs } from './engine.ts';
import { makePlan, type Plan } from './plan.ts';
import { fleetDisplay } from './progress.ts';
import { steer } from './steering.ts';
import { adopt, begin, type FleetState, type Pace } from './state.ts';

/** What a fleet of one service needs to know. */
export interface ImportFleet {
  readonly order: ImportOrder;
  readonly source: FleetSource;
  readonly limits: JobLimits;
}

/** What differs between the services. */
export interface FleetService<Input> {
  readonly fleetOf: (input: Input) => ImportFleet;
  /** The pace where the input does not say. */
  readonly pace: Pace;
  /** Continues as new. */
  readonly turn: (input: Input, checkpoint: FleetCheckpoint) => Promise<never>;
}

/** All that a run passes to the next one when it continues as new. */
export interface FleetCheckpoint {
  readonly plan: Plan;
  readonly state: FleetState<FleetSums>;
}

/** How a fleet has ended. */
export type FleetOutcome = 'complete' | 'partial' | 'none' | 'unknown' | 'planned';

export interface FleetResult {
  /** `planned` with `planOnly`: nothing was started. */
  outcome: FleetOutcome;
  /** Jobs. `failed`: as a whole; `left`: not started, because the fleet was cancelled. */
  imports: FleetSums['imports'] & { planned: number; left: number };
  /** `planned` is a hint: the others are what the manifests of the jobs say. */
  files: FleetSums['files'] & { planned: number };
  bytes: number;
  /** How long it takes to start all jobs at the configured rate. The jobs themselves may take longer. */
  hours: number;
  /** HealthImaging. */
  imageSetCounts?: FleetSums['imageSets'];
  /** HealthLake. */
  resources?: FleetSums['resources'];
  /** With `stagingS3Uri`: what is imported from copies, because no prefix can import it. */
  staged?: Staged;
  /** Files that cannot be imported, by the reason; `cannot/` below the URI of the plan names their folders. */
  cannot: PlanSums['cannot'];
  plan: { uri: string };
  /** A line for each job. Absent with `planOnly`, as are the next two. */
  report?: { uri: string };
  /** A line for each file that was not imported. */
  failures?: { uri: string };
  summary?: { uri: string };
}

export interface Staged {
  /** Jobs. */
  imports: number;
  files: number;
  bytes: number;
  /** Copies that S3 has refused to remove, for example because the worker's role may not delete objects. */
  copiesLeft?: number;
}

const NO_IMPORTS: FleetSums = {
  imports: { complete: 0, partial: 0, none: 0, failed: 0, unknown: 0 },
  files: { imported: 0, failed: 0 },
  resources: { imported: 0, failed: 0 },
  imageSets: { total: 0, nonPrimary: 0 },
};

/**
 * Runs a fleet of imports: plans it, and works it off.
 *
 * The handlers of updates come first, because Temporal rejects an update for which a run has none, and the check of the input
 * already takes a task of the workflow.
 *
 * @param service - what differs between the services
 * @param before - of the run that continued as this one
 * @throws ApplicationFailure `ValidationFailed` for an invalid input or for folders that overlap; `CannotPlan` if some files
 *   cannot be imported, and `onUncut` is not `skip`; `FleetExists` if another fleet imports the same folders; or of a call that
 *   has failed for good
 */
export async function importFleet<Input extends FleetOptions>(
  name: string,
  input: Input,
  { fleetOf, pace, turn }: FleetService<Input>,
  before: FleetCheckpoint | undefined,
): Promise<FleetResult> {
  const { concurrency = pace.concurrency, startsPerSecond = pace.startsPerSecond } = input ?? {};
  const state = before?.state ?? begin(NO_IMPORTS, { concurrency, startsPerSecond }, Date.now());
  let show = () => {};
  steer(state, Date.now, () => show());
  return runFlow(name, input, async (flow) => {
    show = fleetDisplay(flow, state);
    const fleet = fleetOf(input);
    const plan = before?.plan ?? (await prepare(flow, fleet, input, state));
    flow.know({ datastoreId: fleet.order.datastoreId, planId: plan.planId });
    if (input.planOnly === true) return resultOf(fleet.order, plan, state, 'planned');
    const { lookEvery } = flow.facts.rules.fleet;
    const interval = input.lookInterval === undefined ? lookEvery : toMilliseconds(input.lookInterval);
    const jobs = importJobsOf(flow, fleet.order, plan, show);
    if (!(await workOff(flow, jobs, state, interval))) return turn(input, { plan, state });
    const copiesLeft =
      plan.staged && (await flow.readLong('+removeStaged', fleets.removeStaged, placeOf(plan)));
    const result = resultOf(fleet.order, plan, state, outcomeOf(plan, state), copiesLeft);
    await flow.readLong('+close', fleets.closeLedger, { plan: placeOf(plan), summary: result });
    flow.conclude(result.outcome);
    return result;
  });
}

async function prepare(
  flow: Flow,
  { order, source, limits }: ImportFleet,
  { planOnly, planName, stagingS3Uri, onUncut = 'refuse' }: FleetOptions,
  state: FleetState<FleetSums>,
): Promise<Plan> {
  const claim = () =>
    flow.read('+claim', fleets.claimFleet, { datastoreId: order.datastoreId, source, types: TYPES });
  if (planOnly !== true) upsertMemo({ fleetSince: await claim() });
  const { service, datastoreId, outputS3Uri } = order;
  const wanted = { service, datastoreId, source, outputS3Uri, limits, planName };
  const plan = await makePlan(flow, wanted, { kmsKeyId: order.outputKmsKeyId }, stagingS3Uri);
  state.planned = plan;
  if (planOnly === true) return plan;
  if (onUncut === 'refuse') refuseUncut(plan, stagingS3Uri);
  // A fleet that began at the same time may not have been visible before.
  await claim();
  const { tries } = flow.facts.rules.fleet;
  const found = await flow.readLong('+ledger', fleets.openLedger, {
    order,
    plan: placeOf(plan),
    mayHaveRun: !plan.isNew,
    tries,
  });
  adopt(state, found, { jobs: plan.jobs, files: plan.files });
  return plan;
}

/** The workflow types of all fleets that import. */
const TYPES: readonly FleetName[] = ['importAllDicom', 'importAllFhir'];

/** Whether a workflow type is that of a fleet. (The input rules, which know it too, are too large for workflow code.) */
export const isFleet = (name: string): name is FleetName => TYPES.some((type) => type === name);

const placeOf = ({ planId, uri, kmsKeyId }: Plan) => ({ planId, planUri: uri, kmsKeyId });

/** The calls of a fleet of imports. Each is one activity for many jobs. */
function importJobsOf(flow: Flow, order: ImportOrder, plan: Plan, show: () => void): FleetJobs<FleetSums> {
  const place = placeOf(plan);
  const { tries, pauseAfter } = flow.facts.rules.fleet;
  return {
    start: ({ tries: batch, firstAt, every, least }) =>
      flow.changeMany(
        `+start · ${batch.length}`,
        fleets.startImports,
        {
          order,
          plan: place,
          tries: batch.map(({ index, attempt }) => [index, attempt] as const),
          firstAt,
          every,
          least,
          stopAfter: pauseAfter,
        },
        Math.max(firstAt - Date.now(), 0) + batch.length * every,
      ),
    stage: ({ index }) =>
      flow.readLong('+stage', fleets.stageImport, { service: order.service, plan: place, index }),
    look: ({ running, lost }) =>
      flow.read(`+look · ${running.length}`, fleets.lookAtImports, {
        order,
        plan: place,
        running: running.map(({ index, attempt, jobId }) => [index, attempt, jobId] as const),
        lost: lost.map(({ index, attempt }) => [index, attempt] as const),
      }),
    record: ({ part, sums }, jobs) =>
      flow.readLong(`+record · ${jobs.length}`, fleets.recordImports, {
        order,
        plan: place,
        jobs,
        part,
        tries,
        sums,
        manifestWait: flow.facts.manifestWait,
      }),
    planAgain: ({ part }, { index, attempt, jobId }) =>
      flow.readLong('+planAgain', fleets.planAgain, { ...place, index, attempt, jobId, part }),
    show,
  };
}

/** The files of a plan that cannot be imported, by reason, such as `12 archived, 3 beside sub-folders`. */
const cannotInWords = ({ cannot }: Plan): string =>
  Object.entries(cannot)
    .map(([why, { files }]) => `${files} ${why}`)
    .join(', ');

function refuseUncut(plan: Plan, stagingS3Uri: string | undefined): void {
  if (Object.keys(plan.cannot).length === 0) return;
  const orStage =
    stagingS3Uri === undefined
      ? ', or name a stagingS3Uri, to which those are copied that no prefix can import'
      : '';
  throw flowFailure(
    'CannotPlan',
    `some files cannot be imported: ${cannotInWords(plan)}. ${plan.uri}cannot/ names their folders. Nothing was started. To ` +
      `import all others, set onUncut to "skip"${orStage}`,
    { result: plan },
  );
}

function outcomeOf({ cannot }: Plan, { sums, planned, left = 0 }: FleetState<FleetSums>): FleetOutcome {
  const { complete, unknown } = sums.imports;
  if (complete === planned.jobs && planned.jobs > 0 && left === 0 && Object.keys(cannot).length === 0)
    return 'complete';
  if (sums.files.imported === 0 && unknown === 0) return 'none';
  return complete + unknown === planned.jobs && unknown > 0 ? 'unknown' : 'partial';
}

const stagedOf = ({ jobs, files, bytes }: StagedSums, copiesLeft: number | undefined): Staged => ({
  imports: jobs,
  files,
  bytes,
  ...(copiesLeft !== undefined && copiesLeft > 0 && { copiesLeft }),
});

function resultOf(
  { service }: ImportOrder,
  plan: Plan,
  state: FleetState<FleetSums>,
  outcome: FleetOutcome,
  copiesLeft?: number,
): FleetResult {
  const { uri, bytes, cannot, staged } = plan;
  const { sums, planned, left = 0, pace } = state;
  const file = (name: string) => ({ uri: uri + name });
  return {
    outcome,
    imports: { planned: planned.jobs, ...sums.imports, left },
    files: { planned: planned.files, ...sums.files },
    bytes,
    hours: planned.jobs / pace.startsPerSecond / 3_600,
    ...(service === 'healthlake' ? { resources: sums.resources } : { imageSetCounts: sums.imageSets }),
    cannot,
    ...(staged && { staged: stagedOf(staged, copiesLeft) }),
    plan: { uri },
    ...(outcome !== 'planned' && {
      report: file('report.ndjson'),
      failures: file('failures.ndjson'),
      summary: file('summary.json'),
    }),
  };
}
