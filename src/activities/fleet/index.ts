import type { S3Client } from '@aws-sdk/client-s3';
import type { healthlakeActivities } from '../healthlake.ts';
import type { imagingActivities } from '../medical-imaging.ts';
import { claimActivity } from './claim.ts';
import { importJobs } from './import-jobs.ts';
import { ledgerActivities } from './ledger.ts';
import { planActivities } from './plan.ts';
import { recordActivity } from './record.ts';
import { runActivities } from './run.ts';
import { stageActivities } from './stage.ts';

/** The activities of fleets, each of which handles many jobs at once. */
export function fleetActivities(
  s3: S3Client,
  imaging: ReturnType<typeof imagingActivities>,
  healthlake: ReturnType<typeof healthlakeActivities>,
) {
  const services = importJobs(imaging, healthlake);
  return {
    ...planActivities(s3),
    ...stageActivities(s3),
    ...runActivities(s3, services),
    ...ledgerActivities(s3, services),
    recordImports: recordActivity(s3),
    claimFleet: claimActivity(s3),
  };
}
