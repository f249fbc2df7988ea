import { isFlowName } from '../input-rules/flows.ts';
import { assertInput, assertSharedMembers, type WorkflowName } from '../input-rules/workflows.ts';

/** What a run has to know of its worker, recorded once so that a replay on another worker decides alike. */
export interface WorkerFacts {
  /** Those of our search attributes that the namespace has. Setting an unknown one would wedge the run for ever. */
  searchAttributes: string[];
  /** How long one attempt of an AWS call may take, in milliseconds. */
  startToClose: number;
  /** How long to wait for a manifest that is late, in milliseconds. */
  manifestWait: number;
  /** How long the services are trusted to remember a client token, in milliseconds. */
  tokenLife: number;
  /** Where blobs go when the input does not say. */
  artifactsS3Uri?: string;
}

/**
 * The first thing a run does, before any call to AWS: a bad `outputS3Uri` must not surface twenty minutes later.
 *
 * @throws ApplicationFailure `ValidationFailed` that names every problem
 */
export const checkInputActivity =
  (facts: () => Promise<WorkerFacts>) =>
  async (workflow: string, input: unknown): Promise<WorkerFacts> => {
    // A team's own flow brings rules of its own for the rest.
    if (isWorkflowName(workflow)) assertInput(workflow, input);
    else assertSharedMembers(workflow, input);
    return facts();
  };

const isWorkflowName = (name: string): name is WorkflowName => isFlowName(name) || name === 'recurringImport';
