import { ApplicationFailure } from '@temporalio/common';
import { cutList } from '../lib/size.ts';
import { compileRules, type Problem } from './ajv.ts';
import { waits } from './flow-members.ts';
import {
  FLOW_RULES,
  describeProblems,
  flowProblems,
  isFlowName,
  pollingProblems,
  type FlowName,
} from './flows.ts';
import { recurringImportProblems } from './recurring-import.ts';

/** Every workflow that can be started: the flows, each of which has a document, and what starts a flow again and again. */
export type WorkflowName = FlowName | 'recurringImport';

export const WORKFLOW_NAMES: readonly WorkflowName[] = [
  ...(Object.keys(FLOW_RULES) as FlowName[]),
  'recurringImport',
];

export const isWorkflowName = (name: string): name is WorkflowName =>
  isFlowName(name) || name === 'recurringImport';

/**
 * Holds the input of a workflow against all its rules.
 *
 * @returns every problem, by member and rule, never with a value; empty for an input that the workflow takes
 */
export function inputProblems(workflow: WorkflowName, input: unknown): Problem[] {
  if (!isWorkflowName(workflow)) {
    return [{ member: 'the workflow type', rule: `is not one of ${WORKFLOW_NAMES.join(', ')}` }];
  }
  return workflow === 'recurringImport' ? recurringImportProblems(input) : flowProblems(workflow, input);
}

/**
 * Lets an input pass, or says all that is wrong with it.
 *
 * @throws ApplicationFailure `ValidationFailed`: one message with all problems, and no value
 */
export function assertInput(workflow: WorkflowName, input: unknown): void {
  refuse(workflow, inputProblems(workflow, input));
}

const sharedMembers = compileRules({ type: 'object', properties: waits });

/**
 * The same for a flow of a team's own, of whose input no more is known than what all flows share.
 *
 * @throws ApplicationFailure `ValidationFailed`
 */
export function assertSharedMembers(workflow: string, input: unknown): void {
  const problems = sharedMembers(input);
  // The waits of such a flow are not known here. What is too much for one wait of the shortest kind is too much for any flow.
  refuse(workflow, problems.length > 0 ? problems : pollingProblems(input, ['imageSet']));
}

/** An input of 2 MB can have 100,000 unknown members, and Temporal terminates a run whose failure takes more than 2 MB. */
const MOST_BYTES_OF_PROBLEMS = 50_000;

/**
 * Refuses what has problems.
 *
 * @param subject - what has them; no value of an input
 * @throws ApplicationFailure `ValidationFailed`
 */
export function refuse(subject: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const told = cutList(problems, MOST_BYTES_OF_PROBLEMS);
  const untold = problems.length - told.length;
  throw ApplicationFailure.create({
    type: 'ValidationFailed',
    message: `${subject}: ${describeProblems(told)}${untold > 0 ? `; and ${untold} more problems` : ''}`,
    nonRetryable: true,
    details: [{ problems: told }],
  });
}
