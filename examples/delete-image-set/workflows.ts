/** All workflow types of the worker: the sixteen with `recurringImport`, and one's own. */
export * from 'aws-health-workflows/workflows';
export { deleteImageSetAndConfirm } from './delete-image-set.js';
