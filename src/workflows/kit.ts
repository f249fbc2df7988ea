/**
 * The building blocks of the sixteen flows, for teams that write custom flows. Safe to import in workflow code.
 *
 * To fail a custom flow, throw an `ApplicationFailure` in a step. `runFlow` adds the step, the status and the ids to it.
 *
 * The folder `examples/delete-image-set` has a flow that uses them.
 *
 * @module aws-health-workflows/workflow
 */
export { runFlow, type Flow } from './run/flow.ts';
export type { ProxiedActivity } from './run/calls.ts';
export type { SearchTags } from './run/search-attributes.ts';
export { tokenFor, jobNameFor } from './run/mark.ts';
export { awsEventSignal } from './run/aws-event.ts';
export type { AwsEvent } from '../lib/aws-event.ts';
export { imaging, healthlake } from './run/activities.ts';
export {
  awsDetailsOf,
  flowFailure,
  originOf,
  type FailureDetails,
  type FailureType,
  type Left,
} from './run/failures.ts';
export { progressQuery, type Progress, type ProgressBoard } from './run/progress.ts';
export { waitFor, type Wait } from './run/waiting.ts';
export {
  once,
  nothing,
  foundOf,
  type Attempted,
  type Change,
  type Doubt,
  type Found,
  type Guard,
  type Guarded,
} from './run/once.ts';
export { startAndAwait, type Job, type JobOptions, type JobService } from './jobs/job.ts';
export {
  importAndAwait,
  judge,
  readOutcome,
  type EndedImport,
  type ImportJob,
  type ImportResult,
  type ImportService,
  type JudgedImport,
} from './jobs/import-job.ts';
export type { Outcome } from '../lib/outcome.ts';
export { dicomImport, type DicomImportJob } from './jobs/dicom-import.ts';
export { importFhirAndAwait, type FhirImportProperties, type FhirImportResult } from './jobs/fhir-import.ts';
export { exportFhirAndAwait, type FhirExportResult } from './jobs/fhir-export.ts';
export { readUnlocked, awaitChange, type ImageSetWait } from './image-sets/image-set.ts';
export { allPages, pagesOf, type Page, type ReadPage } from './run/pages.ts';
export { searchImageSets, type ListedImageSets } from './image-sets/search.ts';
export { classifyDatastore } from './datastores/classify.ts';
export { classifyFhirExport, classifyFhirImport, classifyImagingImport } from './jobs/classify.ts';
export { classifyImageSet, type ExpectedChange, type ImageSetRead } from './image-sets/classify.ts';
export type { Verdict } from './run/verdict.ts';
export type {
  DicomImportInput,
  FhirExportInput,
  FhirImportInput,
  ImportOptions,
  JobNames,
  NewDicomImport,
  NewFhirExport,
  NewFhirImport,
  RunningDicomImport,
  RunningFhirExport,
  RunningFhirImport,
} from '../input-rules/inputs.ts';
export type { Pacing, RetryRules, WaitKind } from '../pacing/pacing.ts';
export type { Duration, Polling, Unit } from '../pacing/polling.ts';
export type { AuditRules, FleetRules, RunRules } from '../pacing/rules.ts';
