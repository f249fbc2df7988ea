/**
 * For teams that write flows of their own: what the sixteen are made of. Safe to import in workflow code.
 *
 * A failure of one's own is an `ApplicationFailure` that is thrown in a step: `runFlow` adds where the run stood.
 *
 * @example see `examples/delete-image-set`
 */
export {
  runFlow,
  tokenFor,
  derivedJobName,
  awsEventSignal,
  type Flow,
  type AwsEvent,
} from './shared/flow.ts';
export { imaging, healthlake } from './shared/activities.ts';
export {
  awsDetailsOf,
  flowFailure,
  originOf,
  type FailureDetails,
  type FailureType,
} from './shared/failures.ts';
export { progressQuery, type Progress } from './shared/progress.ts';
export { waitFor, type Wait } from './shared/waiting.ts';
export { startOnce, type Start, type Trace } from './shared/start-once.ts';
export { mutateOnce, type Change, type Doubt, type Found } from './shared/mutate-once.ts';
export { startAndAwait, type Job, type JobOptions, type JobService } from './shared/job.ts';
export {
  importAndAwait,
  judge,
  readOutcome,
  type ImportOptions,
  type ImportResult,
} from './shared/import-job.ts';
export { dicomImport } from './shared/dicom-import.ts';
export { importFhirAndAwait, type FhirImportInput, type FhirImportResult } from './shared/fhir-import.ts';
export { exportFhirAndAwait, type FhirExportInput, type FhirExportResult } from './shared/fhir-export.ts';
export { readUnlocked, awaitChange } from './shared/image-set.ts';
export { allPages, pagesOf, type Page } from './shared/pages.ts';
export { searchImageSets } from './shared/search.ts';
export {
  classifyDatastore,
  classifyFhirExport,
  classifyFhirImport,
  classifyImageSet,
  classifyImagingImport,
  type Verdict,
} from './shared/classify.ts';
export { pacingOf, type Polling } from '../polling.ts';
