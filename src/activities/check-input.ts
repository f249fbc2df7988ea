import { randomUUID } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { DEFAULT_RULES, type RunRules } from '../pacing/rules.ts';
import { assertInput, assertSharedMembers, isWorkflowName } from '../input-rules/workflows.ts';

/** The settings of a worker that affect what its runs do. Times are in milliseconds. */
export interface RunSettings {
  /** How long one attempt of an AWS call may take. */
  startToClose: number;
  /** How long a read is retried at least. */
  readBudget: number;
  /** How long after the end of a job its manifest may still be missing in S3. */
  manifestWait: number;
  /** How long a client token is assumed to be valid. */
  tokenLife: number;
  /** How long reads may show the state of before an accepted change. */
  staleReads: number;
  /** How long it may take until lists of jobs or data stores show a new one. */
  listLag: number;
  /** How long it may take until a search finds a new image set. */
  searchLag: number;
  /** How long it may take until a data store shows that its deletion was accepted. */
  deletionLag: number;
  /** Where to store blobs if the input does not say. */
  artifactsS3Uri?: string;
  /** The KMS key that encrypts blobs if the input does not name one. */
  artifactsKmsKeyId?: string;
}

/**
 * What a run records before it does anything else, so that a replay by another worker, with other settings or of a newer
 * version, makes the same decisions.
 */
export interface RunFacts extends RunSettings {
  /**
   * Part of the client tokens and the names of what the run creates in AWS, so that the run can find it again. It is the run
   * id at the start: a reset gives the run a new id, but keeps this recorded value.
   */
  mark: string;
  rules: RunRules;
}

/**
 * Checks the whole input before the first call to AWS, so that an invalid `outputS3Uri` does not fail the run after twenty
 * minutes.
 *
 * @throws ApplicationFailure `ValidationFailed` that names every problem
 */
export const checkInputActivity =
  (settings: RunSettings) =>
  async (workflow: string, input: unknown): Promise<RunFacts> => {
    // For a custom flow, only the members that all flows share can be checked here.
    if (isWorkflowName(workflow)) assertInput(workflow, input);
    else assertSharedMembers(workflow, input);
    const { workflowExecution } = activityInfo();
    return { ...settings, mark: workflowExecution?.runId ?? randomUUID(), rules: DEFAULT_RULES };
  };
