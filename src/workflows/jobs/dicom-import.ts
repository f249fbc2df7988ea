import type { JobStatus, StartDICOMImportJobRequest } from '@aws-sdk/client-medical-imaging';
import { imaging } from '../run/activities.ts';
import { classifyImagingImport } from './classify.ts';
import type { Flow } from '../run/flow.ts';
import type { ImportJob, ImportOptions, ImportService } from './import-job.ts';

/** The members of a flow's input that start an import job, but for its token: each flow has a name of its own for it. */
export interface NewDicomImport
  extends Pick<StartDICOMImportJobRequest, 'inputOwnerAccountId' | 'jobName'>, ImportOptions {
  dataAccessRoleArn: string;
  inputS3Uri: string;
  outputS3Uri: string;
}

/** The members of a flow's input that attach to an import job which is running already: none is started. */
export interface RunningDicomImport extends Partial<NewDicomImport> {
  jobId: string;
}

/** The members of a flow's input that import into a data store. */
export type DicomImportInput = NewDicomImport | RunningDicomImport;

interface DicomImportJob extends ImportJob {
  status: JobStatus | undefined;
}

/**
 * HealthImaging's import jobs.
 *
 * @param input - with the job's token, which each flow calls differently; derived where it is absent. What starts a job is not
 *   looked at by a run that attaches to one
 */
export function dicomImport(
  flow: Flow,
  datastoreId: string,
  input: DicomImportInput & { clientToken?: string | undefined },
): ImportService<DicomImportJob> {
  return {
    name: 'medical-imaging',
    kind: 'dicomJob',
    steps: { start: 'startImportJob', poll: 'pollImportJob' },
    datastoreId,
    jobName: input.jobName,
    clientToken: input.clientToken,
    start: async (summary, budget, derived) => {
      const { dataAccessRoleArn, inputS3Uri, outputS3Uri, inputOwnerAccountId } = input;
      const request = { dataAccessRoleArn, inputS3Uri, outputS3Uri, inputOwnerAccountId, datastoreId };
      const job = { ...request, ...derived };
      const { jobId = '' } = await flow.change(summary, imaging.startDICOMImportJob, job, budget);
      return jobId;
    },
    find: (summary, sought) => flow.readLong(summary, imaging.findDICOMImportJob, sought),
    describe: async (summary, budget, jobId) => {
      const id = { datastoreId, jobId };
      const { jobProperties } = await flow.read(summary, imaging.getDICOMImportJob, id, budget);
      const { jobStatus: status, submittedAt, message } = jobProperties ?? {};
      const outputS3Uri = jobProperties?.outputS3Uri ?? input.outputS3Uri;
      return { jobId, status, submittedAt, message, outputS3Uri };
    },
    classify: ({ status }) => classifyImagingImport(status),
  };
}
