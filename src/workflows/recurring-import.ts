import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  ChildWorkflowFailure,
  executeChild,
  CancellationScope,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExpandedInput } from '../activities/expand-input.ts';
import type { FileCounts } from '../activities/import-manifest.ts';
import type { SeenObjects } from '../activities/list-input.ts';
import { documentName } from '../lib/document-name.ts';
import { isRecord, recordOf } from '../lib/guards.ts';
import type { RecurringFlow } from '../input-rules/recurring-import.ts';
import { expandInput, files } from './run/activities.ts';
import { flowFailure } from './run/failures.ts';
import { runFlow, type Flow } from './run/flow.ts';
import type { ImportIntoFhirDatastore } from './healthlake/provision-datastore-and-import.ts';
import type { NewImport } from './healthlake/start-import-and-wait-completed.ts';
import type { NewImportAndList } from './healthlake/start-import-poll-and-list.ts';
import type { ImportResult } from './jobs/import-job.ts';
import type { NewImportAndSearch } from './medical-imaging/import-dicom-and-search.ts';
import type { ImportIntoDatastore } from './medical-imaging/onboard-datastore-and-import.ts';

/** What makes sense for one run alone: a job that is there, a token, a page of a list. */
type OfOneRun =
  | 'clientToken'
  | 'datastoreClientToken'
  | 'importClientToken'
  | 'jobId'
  | 'nextToken'
  | 'ClientToken'
  | 'CreateClientToken'
  | 'ImportClientToken'
  | 'JobId'
  | 'NextToken';

/** The input of a flow that imports into a data store which is there already, again and again. */
export type EachFiring<Input> = Omit<Input, OfOneRun>;

/** The input of each flow that can be recurring. */
export interface RecurringInputs {
  importDicomAndSearch: EachFiring<NewImportAndSearch>;
  onboardDatastoreAndImport: EachFiring<ImportIntoDatastore>;
  provisionDatastoreAndImport: EachFiring<ImportIntoFhirDatastore>;
  startImportAndWaitCompleted: EachFiring<NewImport>;
  startImportPollAndList: EachFiring<NewImportAndList>;
}

/** A flow that recurs. */
export interface RecurringImportOf<Flow extends RecurringFlow> {
  /** The flow that imports. */
  flow: Flow;
  /** The flow's input, whose strings may hold `{yyyy}` `{MM}` `{dd}` `{HH}` `{mm}`: the scheduled time. */
  input: RecurringInputs[Flow];
  /** Where that time is read from a clock: an IANA name. UTC by default. */
  timeZone?: string;
  /** Such as `-1 day`: what is expanded is that much away from the scheduled time. */
  offset?: string;
  /** Skip a firing whose folder holds nothing but what an earlier one has dealt with. */
  onlyNew?: boolean;
}

/** One of the flows that can be recurring, and its input. */
export type RecurringImportInput = { [Flow in RecurringFlow]: RecurringImportOf<Flow> }[RecurringFlow];

/** What has been dealt with, and where: of any other folder, or for any other store, it says nothing. */
interface Watermark {
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
  inputS3Uri: string;
  objects: number;
  /** The run of the flow, and of its result what names no file and no patient: the whole is the result of that run. */
  import?: { workflowId: string; result: object };
  /** With `onlyNew`. Travels with the schedule: Temporal gives the result of a firing to the next. */
  watermark?: Watermark;
}

/**
 * One firing of a recurring import: runs a flow, as a child, on what is in S3 for the scheduled time.
 *
 * @returns `skipped` where there is nothing to import, or nothing new; else the outcome of the flow
 * @throws ApplicationFailure the flow's own failure, `ValidationFailed`, or by the name of the S3 exception
 */
export async function recurringImport(input: RecurringImportInput): Promise<RecurringImportResult> {
  return runFlow('recurringImport', input, async (flow) => {
    const scheduledAt = scheduledTime().toISOString();
    const { inputS3Uri, datastoreId, ...expanded } = await expandInput.executeWithOptions(
      { summary: '+expandInput' },
      [{ ...input, input: { ...input.input }, scheduledAt }],
    );
    flow.know({ datastoreId });
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

    const { workflowId, result } = await runImport(flow, input.flow, expanded);
    flow.conclude(result.outcome);
    const moved = input.onlyNew && isDealtWith(result) && { watermark: { ...place, objects, seen } };
    const done = { workflowId, result: withoutNames(result) };
    return { status: 'imported', ...firing, import: done, ...(moved || unmoved) };
  });
}

/** What a schedule was to do at this time, however late it does it; of a run started by hand, when that was. */
function scheduledTime(): Date {
  const { typedSearchAttributes, startTime } = workflowInfo();
  return typedSearchAttributes.get(SCHEDULED_START_TIME) ?? startTime;
}

const SCHEDULED_START_TIME = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/** The result of the schedule's last firing that ended well is given to the next one by Temporal itself. */
function lastWatermark(): Watermark | undefined {
  const { lastResult } = workflowInfo();
  const [last] = [lastResult].flat();
  const { watermark } = recordOf(last);
  return isWatermark(watermark) ? watermark : undefined;
}

/** Whatever else it is, it says nothing: then the firing imports. */
function isWatermark(value: unknown): value is Watermark {
  return isRecord(value) && isRecord(value['seen']) && typeof value['seen']['digest'] === 'string';
}

function isAt(place: Omit<Watermark, 'objects' | 'seen'>, watermark: Watermark): boolean {
  return (['flow', 'inputS3Uri', 'datastoreId'] as const).every((name) => place[name] === watermark[name]);
}

/**
 * Whether nothing is to be gained by importing the same files again: each is in, or failed for a reason of its own. What
 * failed for a reason of the service's, and what nobody can tell, is still to be imported.
 */
function isDealtWith({ outcome, counts }: ImportResult): boolean {
  if (outcome === 'unknown' || !counts) return false;
  const { serverErrors, files, ...resources } = counts;
  if (serverErrors > 0) return false;
  // Of a file that could not be read no resource was scanned.
  if (files && resources.scanned === 0) return isAccountedFor(files);
  return isAccountedFor(resources) && (!files || isAccountedFor(files));
}

/** Whether there was something, and each of it is in or failed for a reason of its own. */
function isAccountedFor({ scanned, imported, customerErrors }: FileCounts): boolean {
  return scanned > 0 && imported + customerErrors >= scanned;
}

/** What a firing passes on of an import: the names of files, messages about them and lists of image sets tell of patients. */
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
]);

function withoutNames(result: object): object {
  const members = Object.entries(result).filter(([name]) => PASSED_ON.has(name));
  return Object.fromEntries(members.map(([name, value]) => [name, withoutList(value)]));
}

/** Failures are counted by reason, and listed with names and messages. */
function withoutList(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { listed: _, ...counted } = value;
  return counted;
}

/** Runs the flow under an id of its own, so that it is found and looked at like any other run of that flow. */
async function runImport(flow: Flow, name: RecurringFlow, { input }: Pick<ExpandedInput, 'input'>) {
  const workflowId = `${workflowInfo().workflowId}-import`;
  flow.board.enter(name);
  flow.board.show({ ids: { ...flow.board.now.ids, importWorkflowId: workflowId } });
  try {
    const result = await executeChild<(flowInput: object) => Promise<ImportResult>>(name, {
      workflowId,
      args: [input],
      staticSummary: documentName(name),
    });
    return { workflowId, result };
  } catch (error) {
    // A child that somebody else has cancelled does not make this run a cancelled one.
    throw CancellationScope.current().consideredCancelled ? error : failureOfImport(error);
  }
}

/**
 * The flow's own failure: that it ran as a child is nothing that went wrong. Temporal gives the failure of a firing to the
 * next one, like its result, so its details are cut down alike.
 */
function failureOfImport(error: unknown): unknown {
  if (!(error instanceof ChildWorkflowFailure)) return error;
  if (error.cause instanceof ApplicationFailure) return withoutNamesInDetails(error.cause);
  return flowFailure(
    'OutcomeUnknown',
    'the run of the import was ended from outside; its job may go on inside AWS',
    {},
    error,
  );
}

function withoutNamesInDetails({ type, message, nonRetryable, details, cause }: ApplicationFailure) {
  const { result, ...others } = recordOf(details?.[0]);
  const told = isRecord(result) ? { ...others, result: withoutNames(result) } : others;
  return ApplicationFailure.create({
    ...(typeof type === 'string' && { type }),
    message,
    ...(nonRetryable === true && { nonRetryable }),
    details: [told],
    ...(cause && { cause }),
  });
}
