import type { WorkflowName } from '../input-rules/workflows.ts';

/** The help line of each workflow type. */
export const SUMMARIES: Readonly<Record<WorkflowName, string>> = {
  auditCompletedImports: 'Report the outcome of each completed import',
  copyImageSet: 'Copy an image set into another',
  createFhirDatastoreAndWaitActive: 'Create a FHIR data store',
  deleteFhirDatastoreAndConfirm: 'Delete a FHIR data store',
  findImageSetByPatient: "Find a patient's image set",
  importAllDicom: 'Import any number of DICOM files',
  importAllFhir: 'Import any number of FHIR files',
  importDicomAndSearch: 'Import DICOM files and list the image sets',
  inspectImageSet: 'Read the state, metadata and one frame of an image set',
  onboardDatastoreAndImport: 'Create an imaging data store, or use an existing one, and import into it',
  provisionDatastore: 'Create an imaging data store',
  provisionDatastoreAndExport: 'Create a FHIR data store, or use an existing one, and export it',
  provisionDatastoreAndImport: 'Create a FHIR data store, or use an existing one, and import into it',
  recurringImport: 'Run one firing of a recurring import now',
  startExportPollAndList: 'Export FHIR data and list the exports',
  startImportAndWaitCompleted: 'Import FHIR data and wait for the outcome',
  startImportPollAndList: 'Import FHIR data and list the imports',
  tagImageSet: 'Tag an image set',
  updateImageSetMetadata: 'Update the metadata of an image set',
};
