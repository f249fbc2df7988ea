import type { JobStatus } from '@aws-sdk/client-medical-imaging';
import type { DicomImportInput } from '../../input-rules/inputs.ts';
import { imaging } from '../run/activities.ts';
import { classifyImagingImport } from './classify.ts';
import type { Flow } from '../run/flow.ts';
import type { ImportJob, ImportService } from './import-job.ts';

export interface DicomImportJob extends ImportJob {
  status: JobStatus | undefined;
}

/**
 * HealthImaging's import jobs.
 *
 * @param input - what starts a job, unused by a run that attaches to one; with the client token, whose name in the flow's input
 *   differs from flow to flow
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
