import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { DEFAULT_RULES, type RunRules } from '../pacing/rules.ts';
import { assertInput, assertSharedMembers, isWorkflowName } from '../input-rules/workflows.ts';

/** The settings of a worker that decide what its runs do. Times are in milliseconds. */
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
  /** How long a list of jobs or data stores may not show one that is there. */
  listLag: number;
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
 * What a run records before it does anything else. A replay by another worker, with other settings or a newer version,
 * then decides as the first one did.
 */
export interface RunFacts extends RunSettings {
  /**
   * What the run starts in AWS bears this in its token and its name, so that the run finds it again. It is the run's id at
   * the time: a reset gives a run a new id, but keeps this.
   */
  mark: string;
  rules: RunRules;
}

/**
 * The first thing a run does, before any call to AWS: a bad `outputS3Uri` must not surface twenty minutes later.
 *
 * @throws ApplicationFailure `ValidationFailed` that names every problem
 */
export const checkInputActivity =
  (settings: RunSettings) =>
  async (workflow: string, input: unknown): Promise<RunFacts> => {
    // A team's own flow brings rules of its own for the rest.
    if (isWorkflowName(workflow)) assertInput(workflow, input);
    else assertSharedMembers(workflow, input);
    const { workflowExecution } = activityInfo();
    return { ...settings, mark: workflowExecution?.runId ?? randomUUID(), rules: DEFAULT_RULES };
  };
