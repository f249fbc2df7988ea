import { continueAsNew } from '@temporalio/workflow';
import type { FhirFleetInput } from '../../input-rules/inputs.ts';
import { importFleet, type FleetCheckpoint, type FleetResult, type FleetService } from './import-fleet.ts';

/** HealthLake: 1,000,000 files and 5,000 GB in one import job. (Endpoints and quotas.) */
const QUOTA = { files: 1_000_000, bytes: 5_000_000_000_000 };
const SHARE_OF_QUOTA = 0.9;

/**
 * HealthLake runs one import of a data store after the other, and nobody can cancel one that waits. So the fleet keeps only the
 * next one waiting, and other imports need not wait for all of its jobs.
 */
const PACE = { concurrency: 2, startsPerSecond: 1 };

/**
 * Imports any number of FHIR files (ndjson) into a HealthLake data store, in as few jobs as HealthLake's quotas allow: usually one
 * for a folder. It writes a report about every job and every resource that was not imported to S3.
 *
 * A second run with the same input does only what is missing, even if the first one was terminated.
 *
 * @param checkpoint - of the run that continued as this one; absent in the first run
 * @returns how many jobs, files and resources were imported, and where the reports are; with `planOnly`, what would be imported
 * @throws ApplicationFailure `ValidationFailed` for an invalid input or for folders that overlap; `CannotPlan` if some files
 *   cannot be imported and `onUncut` is not `skip`; `FleetExists` if another open fleet imports the same folders; or by the name
 *   of the exception of S3 or HealthLake
 */
export async function importAllFhir(
  input: FhirFleetInput,
  checkpoint?: FleetCheckpoint,
): Promise<FleetResult> {
  return importFleet('importAllFhir', input, HEALTHLAKE, checkpoint);
}

const HEALTHLAKE: FleetService<FhirFleetInput> = {
  pace: PACE,
  turn: (input, checkpoint) => continueAsNew<typeof importAllFhir>(input, checkpoint),
  fleetOf: ({ imports, InputS3Uri: inputS3Uri, importsS3Uri, ...input }) => ({
    order: {
      service: 'healthlake',
      datastoreId: input.DatastoreId,
      dataAccessRoleArn: input.DataAccessRoleArn,
      outputS3Uri: input.OutputS3Uri,
      outputKmsKeyId: input.OutputKmsKeyId,
      validationLevel: input.ValidationLevel,
    },
    source: { inputS3Uri, imports: imports?.map((item) => item.inputS3Uri), importsS3Uri },
    limits: {
      files: input.filesPerJob ?? QUOTA.files * SHARE_OF_QUOTA,
      bytes: input.bytesPerJob ?? QUOTA.bytes * SHARE_OF_QUOTA,
    },
  }),
};
