import type { WorkflowName } from '../input-rules/workflows.ts';

/** What each workflow is for, in the words of its document's title. */
export const SUMMARIES: Readonly<Record<WorkflowName, string>> = {
  auditCompletedImports: 'See what completed imports have brought',
  copyImageSet: 'Copy an image set into another',
  createFhirDatastoreAndWaitActive: 'Create a FHIR data store',
  deleteFhirDatastoreAndConfirm: 'Delete a FHIR data store',
  findImageSetByPatient: "Find a patient's image set",
  importDicomAndSearch: 'Import DICOM files and list the image sets',
  inspectImageSet: 'Read all of an image set',
  onboardDatastoreAndImport: 'Create an imaging data store and import into it',
  provisionDatastore: 'Create an imaging data store',
  provisionDatastoreAndExport: 'Create a FHIR data store and export from it',
  provisionDatastoreAndImport: 'Create a FHIR data store and import into it',
  recurringImport: 'Make one firing of a recurring import by hand',
  startExportPollAndList: 'Export FHIR data and list the exports',
  startImportAndWaitCompleted: 'Import FHIR data and wait for the outcome',
  startImportPollAndList: 'Import FHIR data and list the imports',
  tagImageSet: 'Tag an image set',
  updateImageSetMetadata: 'Update the metadata of an image set',
};
