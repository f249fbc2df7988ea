import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  ChildWorkflowFailure,
  executeChild,
  CancellationScope,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExpandedInput } from '../activities/expand-input.ts';
import type { InputListing } from '../activities/list-input.ts';
import { documentName } from '../document-name.ts';
import { isRecord } from '../guards.ts';
import type { RecurringFlow } from '../input-rules/recurring-import.ts';
import { expandInput, files } from './shared/activities.ts';
import { flowFailure } from './shared/failures.ts';
import { runFlow, type Flow } from './shared/flow.ts';

export interface RecurringImportInput {
  /** The flow that imports. */
  flow: RecurringFlow;
  /** The flow's input, whose strings may hold `{yyyy}` `{MM}` `{dd}` `{HH}` `{mm}`: the scheduled time. */
  input: object;
  /** Where that time is read from a clock: an IANA name. UTC by default. */
  timeZone?: string;
  /** Such as `-1 day`: what is expanded is that much away from the scheduled time. */
  offset?: string;
  /** Skip a firing whose folder holds nothing that the last successful one has not seen. */
  onlyNew?: boolean;
}

/** What the last successful firing has seen, and where: of any other folder, or for any other store, it says nothing. */
interface Watermark extends Required<InputListing> {
  flow: string;
  inputS3Uri: string;
  datastoreId: string;
}

export interface RecurringImportResult {
  status: 'imported' | 'skipped';
  /** Why it was skipped. */
  reason?: 'nothing is there' | 'nothing is new';
  scheduledAt: string;
  inputS3Uri: string;
  objects: number;
  /** The run of the flow, and its result. */
  import?: { workflowId: string; result: object };
  /** Travels with the schedule: the next firing gets this result. */
  watermark?: Watermark;
}

/**
 * One firing of a recurring import: runs a flow, as a child, on what is in S3 for the scheduled time.
 *
 * @returns `skipped` where there is nothing to import, or nothing new; else the flow's result
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
    const { objects, newest } = await flow.readFiles('+listInput', files.listInput, { inputS3Uri });
    const firing = { scheduledAt, inputS3Uri, objects };
    const before = lastWatermark();
    const skip = (reason: NonNullable<RecurringImportResult['reason']>): RecurringImportResult => ({
      status: 'skipped',
      reason,
      ...firing,
      ...(before && { watermark: before }),
    });
    if (newest === undefined) return skip('nothing is there');
    const seen = { flow: input.flow, inputS3Uri, datastoreId, objects, newest };
    if (input.onlyNew && before && hasNothingNew(seen, before)) return skip('nothing is new');

    const done = await runImport(flow, input.flow, expanded);
    return { status: 'imported', ...firing, import: done, watermark: seen };
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
  const watermark = isRecord(last) ? last['watermark'] : undefined;
  return isRecord(watermark) ? (watermark as unknown as Watermark) : undefined;
}

/**
 * An object of a big upload bears the time when the upload began, which may be before the watermark: so more objects are
 * news as well. In doubt it is imported again: nothing that has come may be passed over.
 */
function hasNothingNew(now: Watermark, before: Watermark): boolean {
  const sameFolder = (['flow', 'inputS3Uri', 'datastoreId'] as const).every(
    (name) => now[name] === before[name],
  );
  return sameFolder && now.newest <= before.newest && now.objects <= before.objects;
}

/** Runs the flow under an id of its own, so that it is found and looked at like any other run of that flow. */
async function runImport(flow: Flow, name: RecurringFlow, { input }: Pick<ExpandedInput, 'input'>) {
  const workflowId = `${workflowInfo().workflowId}-import`;
  flow.board.enter(name);
  flow.board.show({ ids: { ...flow.board.now.ids, importWorkflowId: workflowId } });
  try {
    const result: object = await executeChild(name, {
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

/** The flow's own failure: that it ran as a child is nothing that went wrong. */
function failureOfImport(error: unknown): unknown {
  if (!(error instanceof ChildWorkflowFailure)) return error;
  if (error.cause instanceof ApplicationFailure) return error.cause;
  return flowFailure(
    'OutcomeUnknown',
    'the run of the import was ended from outside; its job may go on inside AWS',
    {},
    error,
  );
}
