// Every workflow that the worker serves. Each is named like its document in `arazzo/`.
export { startImportAndWaitCompleted } from './healthlake/start-import-and-wait-completed.ts';
export { copyImageSet } from './medical-imaging/copy-image-set.ts';
export { onboardDatastoreAndImport } from './medical-imaging/onboard-datastore-and-import.ts';
