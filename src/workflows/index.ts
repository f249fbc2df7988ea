/**
 * Every workflow of the worker. Each has the name of its document in `arazzo/`, except the fleets, which import by the thousand, and
 * `recurringImport`, which starts one of the others.
 *
 * @module aws-health-workflows/workflows
 */
export { importAllDicom } from './fleet/import-all-dicom.ts';
export { importAllFhir } from './fleet/import-all-fhir.ts';
export type { Plan } from './fleet/plan.ts';
export type { EndedJob, FleetState, Pace, Pending, RunningJob, Try } from './fleet/state.ts';
export type { FleetCheckpoint, FleetOutcome, FleetResult, Staged } from './fleet/import-fleet.ts';
export { createFhirDatastoreAndWaitActive } from './healthlake/create-fhir-datastore-and-wait-active.ts';
export { deleteFhirDatastoreAndConfirm } from './healthlake/delete-fhir-datastore-and-confirm.ts';
export { provisionDatastoreAndExport } from './healthlake/provision-datastore-and-export.ts';
export { provisionDatastoreAndImport } from './healthlake/provision-datastore-and-import.ts';
export { startExportPollAndList } from './healthlake/start-export-poll-and-list.ts';
export { startImportAndWaitCompleted } from './healthlake/start-import-and-wait-completed.ts';
export { startImportPollAndList } from './healthlake/start-import-poll-and-list.ts';
export { auditCompletedImports } from './medical-imaging/audit-completed-imports.ts';
export { copyImageSet } from './medical-imaging/copy-image-set.ts';
export { findImageSetByPatient } from './medical-imaging/find-image-set-by-patient.ts';
export { importDicomAndSearch } from './medical-imaging/import-dicom-and-search.ts';
export { inspectImageSet } from './medical-imaging/inspect-image-set.ts';
export { onboardDatastoreAndImport } from './medical-imaging/onboard-datastore-and-import.ts';
export { provisionDatastore } from './medical-imaging/provision-datastore.ts';
export { tagImageSet } from './medical-imaging/tag-image-set.ts';
export { updateImageSetMetadata } from './medical-imaging/update-image-set-metadata.ts';
export { recurringImport } from './recurring-import.ts';

// The types of their inputs and results.
export type { FhirDatastoreOutputs } from './datastores/fhir-datastore.ts';
export type {
  AwaitFhirDatastore,
  CreateFhirDatastore,
  CreateFhirDatastoreAndWaitActiveInput,
} from './healthlake/create-fhir-datastore-and-wait-active.ts';
export type { DeleteFhirDatastoreAndConfirmInput } from './healthlake/delete-fhir-datastore-and-confirm.ts';
export type {
  ExportFromFhirDatastore,
  ExportFromNewFhirDatastore,
  ProvisionDatastoreAndExportInput,
  ProvisionDatastoreAndExportResult,
  RunningExportFromFhirDatastore,
} from './healthlake/provision-datastore-and-export.ts';
export type {
  ImportIntoFhirDatastore,
  ImportIntoNewFhirDatastore,
  ProvisionDatastoreAndImportInput,
  ProvisionDatastoreAndImportResult,
  RunningImportIntoFhirDatastore,
} from './healthlake/provision-datastore-and-import.ts';
export type {
  NewExportAndList,
  RunningExportAndList,
  StartExportPollAndListInput,
  StartExportPollAndListResult,
} from './healthlake/start-export-poll-and-list.ts';
export type {
  NewImport,
  RunningImport,
  StartImportAndWaitCompletedInput,
  StartImportAndWaitCompletedResult,
} from './healthlake/start-import-and-wait-completed.ts';
export type {
  NewImportAndList,
  RunningImportAndList,
  StartImportPollAndListInput,
  StartImportPollAndListResult,
} from './healthlake/start-import-poll-and-list.ts';
export type {
  AuditCompletedImportsInput,
  AuditCompletedImportsResult,
  AuditJobs,
  ListMoreImageSets,
} from './medical-imaging/audit-completed-imports.ts';
export type { CopyImageSetInput } from './medical-imaging/copy-attempt.ts';
export type { CopyImageSetResult } from './medical-imaging/copy-image-set.ts';
export type {
  FindImageSetByPatientInput,
  FindImageSetByPatientResult,
} from './medical-imaging/find-image-set-by-patient.ts';
export type {
  ImportDicomAndSearchInput,
  ImportDicomAndSearchResult,
  NewImportAndSearch,
  RunningImportAndSearch,
} from './medical-imaging/import-dicom-and-search.ts';
export type { InspectImageSetInput, InspectImageSetResult } from './medical-imaging/inspect-image-set.ts';
export type {
  ImportIntoDatastore,
  ImportIntoNewDatastore,
  OnboardDatastoreAndImportInput,
  OnboardDatastoreAndImportResult,
  RunningImportIntoDatastore,
} from './medical-imaging/onboard-datastore-and-import.ts';
export type {
  ProvisionDatastoreInput,
  ProvisionDatastoreResult,
} from './medical-imaging/provision-datastore.ts';
export type { TagImageSetInput, TagImageSetResult } from './medical-imaging/tag-image-set.ts';
export type {
  Attributes,
  ListMoreVersions,
  RemoveAttributes,
  RevertToVersion,
  UpdateAttributes,
  UpdateImageSetMetadataInput,
  UpdateImageSetMetadataResult,
} from './medical-imaging/update-image-set-metadata.ts';
export type {
  EachFiring,
  OfOneRun,
  RecurringImportInput,
  RecurringImportOf,
  RecurringImportResult,
  RecurringInputs,
  Watermark,
} from './recurring-import.ts';
export type { AuditedImport } from './medical-imaging/completed-imports.ts';
