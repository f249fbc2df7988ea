import { workflowInfo } from '@temporalio/workflow';
import { documentName } from '../../lib/document-name.ts';
import type { Flow } from './flow.ts';

/** Both services limit names and client tokens to 64 characters. */
const LONGEST = 64;

/**
 * The client token of a step, where the input has none.
 *
 * It contains the run's mark, not the id of the first execution, which cron runs, workflow retries and resets share: for the
 * same token AWS would return the job of an earlier run.
 */
export function tokenFor(flow: Flow, step: string): string {
  return `${flow.facts.mark}-${step}`.slice(0, LONGEST);
}

/**
 * The name of a job, where the input has none, such as `import-dicom-and-search-01a217dc-…`. The run recognizes its job by
 * this name, so where it is too long the flow's name is cut, and never the mark.
 *
 * @param mark - the client token of the input, if it has one: two runs with the same token must send the same name, because
 *   the services may refuse a token that is used again with other parameters
 */
export function jobNameFor(flow: Flow, mark = flow.facts.mark): string {
  const flowName = documentName(flow.name).replaceAll(/[^A-Za-z0-9._/-]/g, '-');
  return `${flowName.slice(0, Math.max(LONGEST - 1 - mark.length, 0))}-${mark}`.slice(-LONGEST);
}

/** Whether a time from AWS is after the start of this run (not of its first execution: a retry is a new run). */
export function isOfThisRun(flow: Flow, time: string | undefined): boolean {
  return (
    time !== undefined &&
    Date.parse(time) >= workflowInfo().runStartTime.getTime() - flow.facts.rules.clockSkew
  );
}

/** The time (ISO 8601) before which AWS has certainly created something before this run began, whatever the clock skew. */
export function beforeThisRun(flow: Flow): string {
  const { runStartTime } = workflowInfo();
  return new Date(runStartTime.getTime() - flow.facts.rules.worstClockSkew).toISOString();
}
