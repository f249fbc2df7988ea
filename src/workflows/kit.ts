/**
 * For teams that write flows of their own: what the sixteen are made of. Safe to import in workflow code.
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
export { flowFailure, type FailureDetails, type FailureType } from './shared/failures.ts';
export { progressQuery, type Progress } from './shared/progress.ts';
export { waitFor, type Wait } from './shared/waiting.ts';
export { startOnce, type Start } from './shared/start-once.ts';
export { mutateOnce, type Change, type Found } from './shared/mutate-once.ts';
export { startAndAwait, type Job, type JobService } from './shared/job.ts';
export { readUnlocked, awaitChange } from './shared/image-set.ts';
export { searchImageSets } from './shared/search.ts';
export {
  classifyDatastore,
  classifyFhirImport,
  classifyImageSet,
  classifyImagingImport,
  type Verdict,
} from './shared/classify.ts';
export { pacingOf, type Polling } from '../polling.ts';
