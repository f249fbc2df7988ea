import { assertInput, assertSharedMembers, isWorkflowName } from '../input-rules/workflows.ts';

/**
 * The settings of a worker that its runs go by, recorded once a run so that a replay on another worker decides alike. Times
 * are in milliseconds.
 */
export interface RunSettings {
  /** How long one attempt of an AWS call may take. */
  startToClose: number;
  /** How long one read is tried at the least. */
  readBudget: number;
  /** How late a manifest may be. */
  manifestWait: number;
  /** How long the services are trusted to remember a client token. */
  tokenLife: number;
  /** How long a read may still show what was there before a change that the service has accepted. */
  staleReads: number;
  /** How long a search may not show an image set that is there. */
  searchLag: number;
  /** How long a data store may look as if its deletion had not been accepted. */
  deletionLag: number;
  /** Where blobs go when the input does not say. */
  artifactsS3Uri?: string;
  /** The KMS key that S3 encrypts blobs with when the input does not say. */
  artifactsKmsKeyId?: string;
}

/**
 * The first thing a run does, before any call to AWS: a bad `outputS3Uri` must not surface twenty minutes later.
 *
 * @throws ApplicationFailure `ValidationFailed` that names every problem
 */
export const checkInputActivity =
  (settings: RunSettings) =>
  async (workflow: string, input: unknown): Promise<RunSettings> => {
    // A team's own flow brings rules of its own for the rest.
    if (isWorkflowName(workflow)) assertInput(workflow, input);
    else assertSharedMembers(workflow, input);
    return settings;
  };
