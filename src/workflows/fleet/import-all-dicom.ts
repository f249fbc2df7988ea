import type { DicomFleetInput } from '../../input-rules/inputs.ts';
import { runFlow } from '../run/flow.ts';
import { makePlan, type Plan } from './plan.ts';

/** What a fleet would import. */
export interface FleetPlan {
  outcome: 'planned';
  imports: { planned: number };
  files: { planned: number };
  bytes: number;
  /** How long it takes to start all jobs at the rate that is used by default. The jobs themselves may take longer. */
  hours: number;
  /** Files that cannot be imported, by the reason; `cannot/` below the URI of the plan names their folders. */
  cannot: Plan['cannot'];
  plan: { uri: string };
}

/** HealthImaging: 5,000 files, 10 GB and 10,000 nested folders in one import job. (Endpoints and quotas.) */
const QUOTA = { files: 5_000, bytes: 10_000_000_000, folders: 10_000 };
const SHARE_OF_QUOTA = 0.9;

/** HealthImaging takes one start a second ("Throttling limits"), of which other users of the account need some. */
const STARTS_PER_SECOND = 0.8;

/**
 * Plans the import of any number of DICOM files into a HealthImaging data store: finds jobs that keep the service's quotas.
 *
 * @returns how many jobs would import how many files, and what cannot be imported and why; the plan itself is in S3
 * @throws ApplicationFailure `ValidationFailed` for an invalid input or for folders that overlap, or by the name of the S3
 *   exception
 */
export async function importAllDicom(input: DicomFleetInput): Promise<FleetPlan> {
  return runFlow('importAllDicom', input, async (flow) => {
    const { datastoreId, outputS3Uri, inputS3Uri, imports, importsS3Uri, planName } = input;
    flow.know({ datastoreId });
    const plan = await makePlan(flow, {
      service: 'medical-imaging',
      datastoreId,
      source: { inputS3Uri, imports: imports?.map((item) => item.inputS3Uri), importsS3Uri },
      outputS3Uri,
      limits: {
        files: input.filesPerJob ?? QUOTA.files * SHARE_OF_QUOTA,
        bytes: input.bytesPerJob ?? QUOTA.bytes * SHARE_OF_QUOTA,
        folders: QUOTA.folders * SHARE_OF_QUOTA,
      },
      planName,
    });
    return {
      outcome: 'planned',
      imports: { planned: plan.jobs },
      files: { planned: plan.files },
      bytes: plan.bytes,
      hours: plan.jobs / STARTS_PER_SECOND / 3_600,
      cannot: plan.cannot,
      plan: { uri: plan.uri },
    };
  });
}
