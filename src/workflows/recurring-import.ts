import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  ChildWorkflowFailure,
  executeChild,
  CancellationScope,
  workflowInfo,
} from '@temporalio/workflow';
import type { FileCounts } from '../activities/import-manifest.ts';
import type { SeenObjects } from '../activities/list-input.ts';
import { documentName } from '../lib/document-name.ts';
import { isRecord, recordOf } from '../lib/guards.ts';
import type { FleetName } from '../input-rules/fleets.ts';
import type { DicomFleetInput, FhirFleetInput } from '../input-rules/inputs.ts';
import type { RecurringFlow } from '../input-rules/recurring-import.ts';
import { isFleet, type FleetResult } from './fleet/import-fleet.ts';
import { expandInput, files } from './run/activities.ts';
import { flowFailure } from './run/failures.ts';
import { runFlow, type Flow } from './run/flow.ts';
import type { ImportIntoFhirDatastore } from './healthlake/provision-datastore-and-import.ts';
import type { NewImport } from './healthlake/start-import-and-wait-completed.ts';
import type { NewImportAndList } from './healthlake/start-import-poll-and-list.ts';
import type { ImportResult } from './jobs/import-job.ts';
import type { NewImportAndSearch } from './medical-imaging/import-dicom-and-search.ts';
import type { ImportIntoDatastore } from './medical-imaging/onboard-datastore-and-import.ts';

/** Members that are valid for a single run only: an existing job, a client token, a page of a list, the name of a plan. */
export type OfOneRun =
  | 'clientToken'
  | 'datastoreClientToken'
  | 'importClientToken'
  | 'jobId'
  | 'nextToken'
  | 'planName'
  | 'planOnly'
  | 'ClientToken'
  | 'CreateClientToken'
  | 'ImportClientToken'
  | 'JobId'
  | 'NextToken';

/** The input of a flow that imports into an existing data store at each firing. (Each variant of an input stays one.) */
export type EachFiring<Input> = Input extends unknown ? Omit<Input, OfOneRun> : never;

/** The input of each flow that can be scheduled. */
export interface RecurringInputs {
  importAllDicom: EachFiring<DicomFleetInput>;
  importAllFhir: EachFiring<FhirFleetInput>;
  importDicomAndSearch: EachFiring<NewImportAndSearch>;
  onboardDatastoreAndImport: EachFiring<ImportIntoDatastore>;
  provisionDatastoreAndImport: EachFiring<ImportIntoFhirDatastore>;
  startImportAndWaitCompleted: EachFiring<NewImport>;
  startImportPollAndList: EachFiring<NewImportAndList>;
}

/** A scheduled flow. */
export interface RecurringImportOf<Flow extends RecurringFlow> {
  /** The flow to start. */
  flow: Flow;
  /** The flow's input. Its strings may hold `{yyyy}` `{MM}` `{dd}` `{HH}` `{mm}`, which the scheduled time replaces. */
  input: RecurringInputs[Flow];
  /** The time zone of that time: an IANA name. The default is UTC. */
  timeZone?: string;
  /** Added to the scheduled time, such as `-1 day`. */
  offset?: string;
  /** Skip a firing if earlier ones have already imported all objects in the folder. Not for fleets. */
  onlyNew?: Flow extends FleetName ? never : boolean;
}

/** One of the flows that can be scheduled, and its input. */
export type RecurringImportInput = { [Flow in RecurringFlow]: RecurringImportOf<Flow> }[RecurringFlow];

/** The objects that need no further import. Valid only for this flow, folder and data store. */
export interface Watermark {
  flow: string;
  inputS3Uri: string;
  datastoreId: string;
  objects: number;
  seen: SeenObjects;
}

export interface RecurringImportResult {
  status: 'imported' | 'skipped';
  /** Why it was skipped. */
  reason?: 'nothing is there' | 'nothing is new';
  scheduledAt: string;
  /** Absent for a fleet on a list of folders. */
  inputS3Uri?: string;
  objects: number;
  /** The run of the flow, and its result without the names of files and patients. The complete result is that of the run. */
  import?: { workflowId: string; result: object };
  /** With `onlyNew`. The next firing receives it, because Temporal passes the result of a firing to the next one. */
  watermark?: Watermark;
}

/**
 * One firing of a recurring import: runs a flow as a child workflow on the S3 folder for the scheduled time. If the
 * flow is a fleet, it lists the folder itself, and makes a plan whose name is the scheduled time.
 *
 * @returns `skipped` if there is nothing to import, or nothing new; otherwise the outcome of the flow
 * @throws ApplicationFailure the flow's own failure, `ValidationFailed`, or by the name of the S3 exception
 */
export async function recurringImport(input: RecurringImportInput): Promise<RecurringImportResult> {
  return runFlow('recurringImport', input, async (flow) => {
    const scheduledAt = scheduledTime().toISOString();
    const {
      input: expanded,
      datastoreId,
      ...folder
    } = await expandInput.executeWithOptions({ summary: '+expandInput' }, [
      { ...input, input: { ...input.input }, scheduledAt },
    ]);
    flow.know({ datastoreId });
    if (isFleet(input.flow)) return fireFleet(flow, input.flow, expanded, { scheduledAt, ...folder });
    const { inputS3Uri = '' } = folder;
    const place = { flow: input.flow, inputS3Uri, datastoreId };
    const before = input.onlyNew ? lastWatermark() : undefined;
    const { objects, unseen, seen } = await flow.readLong('+listInput', files.listInput, {
      inputS3Uri,
      ...(before && isAt(place, before) && { before: before.seen }),
    });
    const firing = { scheduledAt, inputS3Uri, objects };
    const unmoved = before && { watermark: before };
    if (objects === 0) return { status: 'skipped', reason: 'nothing is there', ...firing, ...unmoved };
    if (unseen === 0) return { status: 'skipped', reason: 'nothing is new', ...firing, ...unmoved };

    const { workflowId, result } = await runImport<ImportResult>(flow, input.flow, expanded);
    flow.conclude(result.outcome);
    const moved = input.onlyNew && isDealtWith(result) && { watermark: { ...place, objects, seen } };
    const done = { workflowId, result: withoutNames(result) };
    return { status: 'imported', ...firing, import: done, ...(moved || unmoved) };
  });
}

/** A firing of a fleet. It plans before it imports, so the number of planned files says whether anything was there. */
async function fireFleet(
  flow: Flow,
  name: FleetName,
  input: object,
  when: Pick<RecurringImportResult, 'scheduledAt' | 'inputS3Uri'>,
): Promise<RecurringImportResult> {
  const { workflowId, result } = await runImport<FleetResult>(flow, name, input);
  const firing = { ...when, objects: result.files.planned };
  if (firing.objects === 0 && Object.keys(result.cannot).length === 0)
    return { status: 'skipped', reason: 'nothing is there', ...firing };
  flow.conclude(result.outcome);
  return { status: 'imported', ...firing, import: { workflowId, result: withoutNames(result) } };
}

/** The time at which the schedule should have fired, or the start time of a run that no schedule has started. */
function scheduledTime(): Date {
  const { typedSearchAttributes, startTime } = workflowInfo();
  return typedSearchAttributes.get(SCHEDULED_START_TIME) ?? startTime;
}

const SCHEDULED_START_TIME = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/** Temporal passes the result of the schedule's last successful firing to the next one. */
function lastWatermark(): Watermark | undefined {
  const { lastResult } = workflowInfo();
  const [last] = [lastResult].flat();
  const { watermark } = recordOf(last);
  return isWatermark(watermark) ? watermark : undefined;
}

/** If the last result holds no valid watermark, the firing imports everything. */
function isWatermark(value: unknown): value is Watermark {
  return isRecord(value) && isRecord(value['seen']) && typeof value['seen']['digest'] === 'string';
}

function isAt(place: Omit<Watermark, 'objects' | 'seen'>, watermark: Watermark): boolean {
  return (['flow', 'inputS3Uri', 'datastoreId'] as const).every((name) => place[name] === watermark[name]);
}

/**
 * Whether importing the same files again is useless: each was imported, or failed because of an error in its data. After an
 * error of the service, or with an unknown outcome, the files have to be imported again.
 */
function isDealtWith({ outcome, counts }: ImportResult): boolean {
  if (outcome === 'unknown' || !counts) return false;
  const { serverErrors, files, ...resources } = counts;
  if (serverErrors > 0) return false;
  // If no resource was scanned, the files could not be read.
  if (files && resources.scanned === 0) return isAccountedFor(files);
  return isAccountedFor(resources) && (!files || isAccountedFor(files));
}

/** Whether something was scanned, and each item was imported or failed because of an error in its data. */
function isAccountedFor({ scanned, imported, customerErrors }: FileCounts): boolean {
  return scanned > 0 && imported + customerErrors >= scanned;
}

/** The result members that a firing keeps. The others may hold patient data: names of files, messages, lists of image sets. */
const PASSED_ON: ReadonlySet<string> = new Set([
  'jobId',
  'jobStatus',
  'outcome',
  'counts',
  'manifest',
  'imageSetCounts',
  'imageSets',
  'failures',
  'warnings',
  'reusedJob',
  'imports',
  'files',
  'resources',
  'staged',
  'cannot',
  'plan',
  'report',
  'summary',
]);

function withoutNames(result: object): object {
  const members = Object.entries(result).filter(([name]) => PASSED_ON.has(name));
  return Object.fromEntries(members.map(([name, value]) => [name, withoutList(value)]));
}

/** Removes the list of failures or warnings, which has names and messages, and keeps their counts. */
function withoutList(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { listed: _, ...counted } = value;
  return counted;
}

/** Runs the flow as a child workflow, so that it appears in lists like any other run of that flow. */
async function runImport<Result extends object>(flow: Flow, name: RecurringFlow, input: object) {
  const workflowId = `${workflowInfo().workflowId}-import`;
  flow.board.enter(name);
  flow.board.show({ ids: { ...flow.board.now.ids, importWorkflowId: workflowId } });
  try {
    const result = await executeChild<(flowInput: object) => Promise<Result>>(name, {
      workflowId,
      args: [input],
      staticSummary: documentName(name),
    });
    return { workflowId, result };
  } catch (error) {
    // If somebody has cancelled only the child, this run fails. It is not cancelled itself.
    throw CancellationScope.current().consideredCancelled ? error : failureOfImport(error);
  }
}

/**
 * The flow's own failure, without the `ChildWorkflowFailure` around it. Temporal passes the failure of a firing to the next one,
 * so names are removed from its details, too.
 */
function failureOfImport(error: unknown): unknown {
  if (!(error instanceof ChildWorkflowFailure)) return error;
  if (error.cause instanceof ApplicationFailure) return withoutNamesInDetails(error.cause);
  return flowFailure(
    'OutcomeUnknown',
    'the run of the import was ended from outside; its job may continue inside AWS',
    {},
    error,
  );
}

function withoutNamesInDetails({ type, message, nonRetryable, details, cause }: ApplicationFailure) {
  // `named` are folders that a fleet cannot import.
  const { result, named: _, ...others } = recordOf(details?.[0]);
  const kept = isRecord(result) ? { ...others, result: withoutNames(result) } : others;
  return ApplicationFailure.create({
    ...(typeof type === 'string' && { type }),
    message,
    ...(nonRetryable === true && { nonRetryable }),
    details: [kept],
    ...(cause && { cause }),
  });
}
