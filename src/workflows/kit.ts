/**
 * The building blocks of the sixteen flows, for teams that write custom flows. Safe to import in workflow code.
 *
 * To fail a custom flow, throw an `ApplicationFailure` in a step. `runFlow` adds the step, the status and the ids to it.
 *
 * @example see `examples/delete-image-set`
 */
export { runFlow, type Flow } from './run/flow.ts';
export { tokenFor, jobNameFor } from './run/mark.ts';
export { awsEventSignal, type AwsEvent } from './run/aws-event.ts';
export { imaging, healthlake } from './run/activities.ts';
export {
  awsDetailsOf,
  flowFailure,
  originOf,
  type FailureDetails,
  type FailureType,
} from './run/failures.ts';
export { progressQuery, type Progress } from './run/progress.ts';
export { waitFor, type Wait } from './run/waiting.ts';
export { once, nothing, foundOf, type Change, type Doubt, type Found, type Guard } from './run/once.ts';
export { startAndAwait, type Job, type JobOptions, type JobService } from './jobs/job.ts';
export {
  importAndAwait,
  judge,
  readOutcome,
  type ImportOptions,
  type ImportResult,
} from './jobs/import-job.ts';
export {
  dicomImport,
  type DicomImportInput,
  type NewDicomImport,
  type RunningDicomImport,
} from './jobs/dicom-import.ts';
export {
  importFhirAndAwait,
  type FhirImportInput,
  type FhirImportResult,
  type NewFhirImport,
  type RunningFhirImport,
} from './jobs/fhir-import.ts';
export {
  exportFhirAndAwait,
  type FhirExportInput,
  type FhirExportResult,
  type NewFhirExport,
  type RunningFhirExport,
} from './jobs/fhir-export.ts';
export { readUnlocked, awaitChange } from './image-sets/image-set.ts';
export { allPages, pagesOf, type Page } from './run/pages.ts';
export { searchImageSets } from './image-sets/search.ts';
export { classifyDatastore } from './datastores/classify.ts';
export { classifyFhirExport, classifyFhirImport, classifyImagingImport } from './jobs/classify.ts';
export { classifyImageSet } from './image-sets/classify.ts';
export type { Verdict } from './run/verdict.ts';
export type { Polling } from '../pacing/polling.ts';
