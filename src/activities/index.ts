/**
 * The activities of the worker, for programs that create the AWS clients themselves.
 *
 * @module aws-health-workflows/activities
 */
import type { HealthLakeClient } from '@aws-sdk/client-healthlake';
import type { MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import type { S3Client } from '@aws-sdk/client-s3';
import { checkInputActivity, type RunSettings } from './check-input.ts';
import { expandInput } from './expand-input.ts';
import { fleetActivities } from './fleet/index.ts';
import { findActivities } from './find-started.ts';
import { healthlakeActivities } from './healthlake.ts';
import { importOutcomeActivity } from './import-outcome.ts';
import { importReportsActivity } from './import-reports.ts';
import { listInputActivity } from './list-input.ts';
import { imagingActivities } from './medical-imaging.ts';
import { REQUEST_RATES, type RequestRates } from './retry-delay.ts';
import { withBoundedResults } from './result-size.ts';
import { searchAttributesActivity } from './search-attributes.ts';

export type { AwsFailureDetails, Effect, Persistence } from './aws-errors.ts';
export type { BlobPlace, BlobReference } from './blobs.ts';
export type { RunFacts, RunSettings } from './check-input.ts';
export type { ExpandedInput, Firing } from './expand-input.ts';
export type { Sighting, SoughtDatastore, SoughtJob } from './find.ts';
export type { FileCounts, ImageSetCounts, ImportCounts, ImportedImageSet } from './import-manifest.ts';
export type { ImportOutput, ReadManifest } from './import-outcome.ts';
export type { ImportReports, ReportsInput } from './import-reports.ts';
export type { InputListing, SeenObjects } from './list-input.ts';
export type { MetadataInput, MetadataReply, SearchInput, Summaries, UpdateInput } from './medical-imaging.ts';
export type { RequestRates } from './retry-delay.ts';
export type { AskedUpdate, HeldMetadata, InstancesDigest, MetadataExtract } from './image-set-metadata.ts';
export type { ImportingService } from './report-lines.ts';
export type { Changed, Json } from './operation.ts';
export type { JobToPlanAgain, PlanOrder, PlanToClose, PlannedAgain, Survey } from './fleet/plan.ts';
export type { Encryption, IndexRange, PartOfPlan, PlanSums, StagedSums, WhyNot } from './fleet/plan-files.ts';
export type { StagingOrder } from './fleet/staged-jobs.ts';
export type { StageInput, StageResult } from './fleet/stage.ts';
export type { Amount, JobLimits } from './fleet/cut.ts';
export type { FleetSource } from './fleet/roots.ts';
export type { Claim } from './fleet/claim.ts';
export type { Ledger, LedgerInput, SummaryInput } from './fleet/ledger.ts';
export type { ImportOrder } from './fleet/import-jobs.ts';
export type { FleetSums, JobOutcome, RecordInput, RecordResult, ReportedJob } from './fleet/record.ts';
export type {
  EndedImport,
  LookInput,
  LookResult,
  PlanPlace,
  ShortTry,
  StartAnswers,
  StartInput,
} from './fleet/run.ts';

export interface AwsClients {
  imaging: MedicalImagingClient;
  healthlake: HealthLakeClient;
  s3: S3Client;
}

/**
 * Every activity of the worker.
 *
 * @param aws - clients with `maxAttempts: 1`, because Temporal makes all retries
 * @param settings - the worker's settings, which each run records at its start
 * @param lookUp - returns the names of our search attributes that the namespace has
 * @param rates - the account's request rates, which determine the backoff
 */
export function createActivities(
  aws: AwsClients,
  settings: RunSettings,
  lookUp: () => Promise<string[]>,
  rates: RequestRates = REQUEST_RATES,
) {
  const imaging = imagingActivities(aws.imaging, aws.s3, rates);
  const healthlake = healthlakeActivities(aws.healthlake, rates);
  return withBoundedResults({
    ...imaging,
    ...healthlake,
    ...findActivities(imaging, healthlake),
    ...fleetActivities(aws.s3, imaging, healthlake),
    checkInput: checkInputActivity(settings),
    expandInput,
    listInput: listInputActivity(aws.s3),
    readImportOutcome: importOutcomeActivity(aws.s3),
    searchAttributes: searchAttributesActivity(lookUp),
    readImportReports: importReportsActivity(aws.s3),
  });
}

export type FleetActivities = ReturnType<typeof fleetActivities>;

export type Activities = ReturnType<typeof createActivities>;
