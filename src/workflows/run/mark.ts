import { workflowInfo } from '@temporalio/workflow';
import { documentName } from '../../lib/document-name.ts';
import type { Flow } from './flow.ts';

/** Both services take 64 characters for names and tokens. */
const LONGEST = 64;

/**
 * The client token of a step, where the input has none.
 *
 * It holds the run's mark and not its first execution's id: cron firings, retries and resets share that one, and would be
 * given an old job back. Legal in both services (36 + 1 + the step's id).
 */
export function tokenFor(flow: Flow, step: string): string {
  return `${flow.facts.mark}-${step}`.slice(0, LONGEST);
}

/**
 * The name of a job, where the input has none, such as `import-dicom-and-search-01a217dc-…`. The run recognizes its job by
 * it, so that the flow's name is cut where the whole is too long for the services, and never the mark.
 *
 * @param mark - the client token of the input, if it has one: the same token must come with the same name, since the
 *   services may refuse a token that is used again with other parameters
 */
export function jobNameFor(flow: Flow, mark = flow.facts.mark): string {
  const flowName = documentName(flow.name).replaceAll(/[^A-Za-z0-9._/-]/g, '-');
  return `${flowName.slice(0, Math.max(LONGEST - 1 - mark.length, 0))}-${mark}`.slice(-LONGEST);
}

/** Whether something that AWS has a time for came after this run began. (Not its first execution: a retry is a new run.) */
export function isOfThisRun(flow: Flow, time: string | undefined): boolean {
  return (
    time !== undefined &&
    Date.parse(time) >= workflowInfo().runStartTime.getTime() - flow.facts.rules.clockSkew
  );
}

/** What AWS dates before this was there before the run (ISO 8601). What is a little later may be the run's own or not. */
export function beforeThisRun(flow: Flow): string {
  const { runStartTime } = workflowInfo();
  return new Date(runStartTime.getTime() - flow.facts.rules.worstClockSkew).toISOString();
}
