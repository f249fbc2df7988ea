/**
 * The workflows of a worker with Worker Versioning, if VERSIONING_BEHAVIOR is not set.
 *
 * By default a run is pinned to the version on which it began, and workers of that version must run until it has ended. Runs
 * of the types below may take more than a week: a HealthLake job may be queued for seven days and then run for one, and
 * a fleet may import for weeks, and
 * `recurringImport` waits for the import that it has started. They move to the current version instead, so a change of their
 * code must replay the histories of their open runs (docs/deploying.md).
 *
 * These options are in a bundle of their own, because the server refuses every workflow task that an unversioned worker
 * completes with a versioning behavior.
 */
import { setWorkflowOptions } from '@temporalio/workflow';
import {
  importAllDicom,
  importAllFhir,
  provisionDatastoreAndExport,
  provisionDatastoreAndImport,
  recurringImport,
  startExportPollAndList,
  startImportAndWaitCompleted,
  startImportPollAndList,
} from './index.ts';

export * from './index.ts';

setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, importAllDicom);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, importAllFhir);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, provisionDatastoreAndExport);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, provisionDatastoreAndImport);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, recurringImport);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, startExportPollAndList);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, startImportAndWaitCompleted);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, startImportPollAndList);
