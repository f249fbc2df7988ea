import type { ImageSetsMetadataSummary } from '@aws-sdk/client-medical-imaging';
import type { ImportOutcome } from '../../activities/import-outcome.ts';
import type { Json } from '../../activities/operation.ts';
import { imaging } from '../shared/activities.ts';
import { runFlow } from '../shared/flow.ts';
import { readOutcome } from '../shared/import-job.ts';
import { allPages } from '../shared/pages.ts';
import { searchImageSets } from '../shared/search.ts';

export interface AuditCompletedImportsInput {
  datastoreId: string;
}

/** One import that the service calls `COMPLETED`, and what became of its files. */
export interface AuditedImport extends Pick<ImportOutcome, 'outcome' | 'counts' | 'manifest'> {
  jobId: string;
  jobName?: string;
  submittedAt?: string;
  endedAt?: string;
  /** Failed files by the service's exception type. */
  byReason?: Record<string, number>;
}

export interface AuditCompletedImportsResult {
  /** The newest job, and where it had its files from and put its output; absent where no import has completed. */
  firstJobId?: string;
  inputS3Uri?: string;
  outputS3Uri?: string;
  imageSetsMetadataSummaries: Json<ImageSetsMetadataSummary>[];
  nextToken?: string;
  /** Newest first. */
  jobs: AuditedImport[];
  /** Completed jobs beyond the newest 200, which were not looked at. */
  notAudited: number;
}

const READ_BUDGET = 60 * 60_000;
/** Two calls a job: a run of 200 stays far below the events that Temporal allows. */
const MOST_JOBS = 200;
const AT_ONCE = 10;

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
    const { items } = await allPages('listCompletedJobs', async (summary, nextToken) => {
      const request = { datastoreId, jobStatus: 'COMPLETED' as const, maxResults: 50, nextToken };
      const page = await flow.read(summary, imaging.listDICOMImportJobs, request, READ_BUDGET);
      return { items: page.jobSummaries, nextToken: page.nextToken };
    });
    const completed = items.toSorted(
      (a, b) => Date.parse(b.submittedAt ?? '') - Date.parse(a.submittedAt ?? ''),
    );
    const [first, ...others] = completed.slice(0, MOST_JOBS);
    if (!first) return { imageSetsMetadataSummaries: [], jobs: [], notAudited: 0 };

    const audit = async (summary: string, { jobId = '' }: { jobId: string | undefined }) => {
      const { jobProperties: job } = await flow.read(
        summary,
        imaging.getDICOMImportJob,
        { datastoreId, jobId },
        READ_BUDGET,
      );
      const { inputS3Uri, outputS3Uri, jobName, submittedAt, endedAt } = job ?? {};
      const service = { name: 'medical-imaging' as const, datastoreId };
      const { failures, outcome, counts, manifest } = await readOutcome(
        flow,
        service,
        { jobId, outputS3Uri },
        {},
      );
      const times = { jobName, submittedAt, endedAt };
      return {
        inputS3Uri,
        outputS3Uri,
        jobId,
        ...times,
        outcome,
        counts,
        manifest,
        byReason: failures?.byReason,
      };
    };
    const { inputS3Uri, outputS3Uri, ...newest } = await audit('getJobDetail', first);
    const found = await searchImageSets(flow, 'searchImageSets', datastoreId);

    const jobs = [newest];
    for (let from = 0; from < others.length; from += AT_ONCE) {
      const audits = others.slice(from, from + AT_ONCE).map((job) => audit('+jobDetail', job));
      jobs.push(...(await Promise.all(audits)).map(({ inputS3Uri: _, outputS3Uri: __, ...rest }) => rest));
    }
    const result = { firstJobId: newest.jobId, inputS3Uri, outputS3Uri, ...found, jobs };
    return { ...result, notAudited: completed.length - jobs.length } as AuditCompletedImportsResult;
  });
}
