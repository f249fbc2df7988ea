import type { DICOMImportJobSummary, ImageSetsMetadataSummary } from '@aws-sdk/client-medical-imaging';
import type { ImportOutcome } from '../../activities/import-outcome.ts';
import type { Json } from '../../activities/operation.ts';
import { imaging } from '../shared/activities.ts';
import { flowFailure } from '../shared/failures.ts';
import { isOfThisRun, runFlow, type Flow } from '../shared/flow.ts';
import { readOutcome } from '../shared/import-job.ts';
import { pagesOf } from '../shared/pages.ts';
import { searchImageSets } from '../shared/search.ts';
import { READ_BUDGET } from '../../pacing.ts';

export interface AuditCompletedImportsInput {
  datastoreId: string;
}

/** One import that the service calls `COMPLETED`, and what became of its files. */
export interface AuditedImport {
  jobId: string;
  jobName: string | undefined;
  submittedAt: string | undefined;
  endedAt: string | undefined;
  outcome: ImportOutcome['outcome'];
  counts: ImportOutcome['counts'] | undefined;
  manifest: ImportOutcome['manifest'] | undefined;
  /** Failed files by the service's exception type. */
  byReason: Record<string, number> | undefined;
}

export interface AuditCompletedImportsResult {
  /** The newest job, and where it had its files from and put its output; absent where no import has completed. */
  firstJobId?: string;
  inputS3Uri?: string | undefined;
  outputS3Uri?: string | undefined;
  imageSetsMetadataSummaries: Json<ImageSetsMetadataSummary>[];
  nextToken?: string;
  /** Newest first. */
  jobs: AuditedImport[];
  /** Completed jobs beyond the newest 500, which were not opened up. */
  notAudited: number;
  /** There were still more than the 5,000 that were listed: which are the newest is not known then. */
  moreJobs?: boolean;
}

/** Two calls a job: a run of 500 stays below the events at which Temporal begins to warn. */
const MOST_JOBS = 500;
const AT_ONCE = 10;

/** The service does not say in which order it lists: the newest are known once all are. A page has 50. */
const MOST_PAGES = 100;

/**
 * Opens up every completed import of a data store, newest first: `COMPLETED` does not say that every file is there.
 *
 * @throws ApplicationFailure `ValidationFailed`, or by the AWS exception's name
 * @see arazzo/audit-completed-imports.yaml
 */
export async function auditCompletedImports(
  input: AuditCompletedImportsInput,
): Promise<AuditCompletedImportsResult> {
  return runFlow('auditCompletedImports', input, async (flow) => {
    const { datastoreId } = input;
    flow.know({ datastoreId });
    const { completed, more } = await listCompleted(flow, datastoreId);
    const [first, ...others] = completed.slice(0, MOST_JOBS);
    if (!first) return { imageSetsMetadataSummaries: [], jobs: [], notAudited: 0 };

    const audit = async (summary: string, jobId = '') => {
      const reply = await flow.read(summary, imaging.getDICOMImportJob, { datastoreId, jobId }, READ_BUDGET);
      const { inputS3Uri, outputS3Uri, jobName, jobStatus, submittedAt, endedAt } = reply.jobProperties ?? {};
      if (jobStatus !== 'COMPLETED') {
        throw flowFailure(
          'ImportJobFailed',
          `job ${jobId} is ${jobStatus}, though it is listed as completed`,
        );
      }
      const service = { name: 'medical-imaging' as const, datastoreId };
      const { failures, outcome, counts, manifest } = await readOutcome(
        flow,
        service,
        { jobId, outputS3Uri },
        {},
        // A manifest of long ago is not late: it is gone.
        { manifestWait: isOfThisRun(endedAt) ? flow.facts.manifestWait : 0, withImageSets: false },
      );
      const audited = {
        jobId,
        jobName,
        submittedAt,
        endedAt,
        outcome,
        counts,
        manifest,
        byReason: failures?.byReason,
      };
      return { inputS3Uri, outputS3Uri, audited };
    };
    const { audited: newest, ...places } = await audit('getJobDetail', first.jobId);
    const found = await searchImageSets(flow, 'searchImageSets', datastoreId);

    const jobs: AuditedImport[] = [newest];
    for (let from = 0; from < others.length; from += AT_ONCE) {
      const some = others.slice(from, from + AT_ONCE).map(({ jobId }) => audit('+jobDetail', jobId));
      jobs.push(...(await Promise.all(some)).map(({ audited }) => audited));
    }
    return {
      firstJobId: newest.jobId,
      ...places,
      ...found,
      jobs,
      notAudited: completed.length - jobs.length,
      ...(more && { moreJobs: more }),
    };
  });
}

/** Newest first. */
async function listCompleted(flow: Flow, datastoreId: string) {
  const jobs: Json<DICOMImportJobSummary>[] = [];
  let more = false;
  const pages = pagesOf('listCompletedJobs', MOST_PAGES, async (summary, nextToken) => {
    const request = { datastoreId, jobStatus: 'COMPLETED' as const, maxResults: 50, nextToken };
    const page = await flow.read(summary, imaging.listDICOMImportJobs, request, READ_BUDGET);
    return { items: page.jobSummaries, nextToken: page.nextToken };
  });
  for await (const { items = [], nextToken } of pages) {
    jobs.push(...items);
    more = nextToken !== undefined;
  }
  const completed = jobs.toSorted(
    (a, b) => Date.parse(b.submittedAt ?? '') - Date.parse(a.submittedAt ?? ''),
  );
  return { completed, more };
}
