import { continueAsNew } from '@temporalio/workflow';
import type { DicomFleetInput } from '../../input-rules/inputs.ts';
import { importFleet, type FleetCheckpoint, type FleetResult, type FleetService } from './import-fleet.ts';

/** HealthImaging: 5,000 files, 10 GB and 10,000 nested folders in one import job. (Endpoints and quotas.) */
const QUOTA = { files: 5_000, bytes: 10_000_000_000, folders: 10_000 };
const SHARE_OF_QUOTA = 0.9;

/**
 * HealthImaging takes 100 import jobs at the same time and one start a second (endpoints and quotas, throttling limits). The
 * rest is for others: a single import must find room while a fleet runs.
 */
const PACE = { concurrency: 90, startsPerSecond: 0.8 };

/**
 * Imports any number of DICOM files into a HealthImaging data store: plans jobs that keep the service's quotas, starts them at a
 * rate that it allows, tries again what failed by its fault, and writes a report about every job and every file to S3.
 *
 * A second run with the same input does only what is missing, even if the first one was terminated.
 *
 * @param checkpoint - of the run that continued as this one; absent in the first run
 * @returns how many jobs and files were imported, and where the reports are; with `planOnly`, what would be imported
 * @throws ApplicationFailure `ValidationFailed` for an invalid input or for folders that overlap; `CannotPlan` if some files
 *   cannot be imported and `onUncut` is not `skip`; `FleetExists` if another open fleet imports the same folders; or by the name
 *   of the exception of S3 or HealthImaging
 */
export async function importAllDicom(
  input: DicomFleetInput,
  checkpoint?: FleetCheckpoint,
): Promise<FleetResult> {
  return importFleet('importAllDicom', input, HEALTHIMAGING, checkpoint);
}

const HEALTHIMAGING: FleetService<DicomFleetInput> = {
  pace: PACE,
  turn: (input, checkpoint) => continueAsNew<typeof importAllDicom>(input, checkpoint),
  fleetOf: ({ imports, inputS3Uri, importsS3Uri, ...input }) => ({
    order: {
      service: 'medical-imaging',
      datastoreId: input.datastoreId,
      dataAccessRoleArn: input.dataAccessRoleArn,
      outputS3Uri: input.outputS3Uri,
      inputOwnerAccountId: input.inputOwnerAccountId,
    },
    source: { inputS3Uri, imports: imports?.map((item) => item.inputS3Uri), importsS3Uri },
    limits: {
      files: input.filesPerJob ?? QUOTA.files * SHARE_OF_QUOTA,
      bytes: input.bytesPerJob ?? QUOTA.bytes * SHARE_OF_QUOTA,
      folders: QUOTA.folders * SHARE_OF_QUOTA,
    },
  }),
};
