import type { JobStatus, StartDICOMImportJobRequest } from '@aws-sdk/client-medical-imaging';
import { imaging } from '../run/activities.ts';
import { classifyImagingImport } from './classify.ts';
import type { Flow } from '../run/flow.ts';
import type { ImportJob, ImportService } from './import-job.ts';

interface DicomImportJob extends ImportJob {
  status: JobStatus | undefined;
}

/**
 * HealthImaging's import jobs.
 *
 * @param request - what starts a job; unused by a run that attaches to a job
 */
export function dicomImport(
  flow: Flow,
  datastoreId: string,
  request: Partial<StartDICOMImportJobRequest>,
): ImportService<DicomImportJob> {
  return {
    name: 'medical-imaging',
    kind: 'dicomJob',
    steps: { start: 'startImportJob', poll: 'pollImportJob' },
    datastoreId,
    jobName: request.jobName,
    clientToken: request.clientToken,
    start: async (summary, budget, derived) => {
      const { dataAccessRoleArn, inputS3Uri, outputS3Uri, ...optional } = request;
      const input = { ...optional, dataAccessRoleArn, inputS3Uri, outputS3Uri, datastoreId, ...derived };
      const { jobId = '' } = await flow.change(summary, imaging.startDICOMImportJob, input, budget);
      return jobId;
    },
    find: (summary, sought) => flow.readLong(summary, imaging.findDICOMImportJob, sought),
    describe: async (summary, budget, jobId) => {
      const id = { datastoreId, jobId };
      const { jobProperties } = await flow.read(summary, imaging.getDICOMImportJob, id, budget);
      const { jobStatus: status, submittedAt, message } = jobProperties ?? {};
      const outputS3Uri = jobProperties?.outputS3Uri ?? request.outputS3Uri;
      return { jobId, status, submittedAt, message, outputS3Uri };
    },
    classify: ({ status }) => classifyImagingImport(status),
  };
}
