/** All workflow types of the worker: the flows of the package, `recurringImport`, and the custom flow. */
export * from 'aws-health-workflows/workflows';
export { deleteImageSetAndConfirm } from './delete-image-set.js';
