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

/** Every workflow that can be started: the flows, and `recurringImport`, which starts a flow. */
export type WorkflowName = FlowName | 'recurringImport';

export const WORKFLOW_NAMES: readonly WorkflowName[] = [
  ...(Object.keys(FLOW_RULES) as FlowName[]),
  'recurringImport',
];

export const isWorkflowName = (name: string): name is WorkflowName =>
  isFlowName(name) || name === 'recurringImport';

/**
 * Checks the input of a workflow.
 *
 * @returns all problems, without values; empty for a valid input
 */
export function inputProblems(workflow: WorkflowName, input: unknown): Problem[] {
  if (!isWorkflowName(workflow)) {
    return [{ member: 'the workflow type', rule: `is not one of ${WORKFLOW_NAMES.join(', ')}` }];
  }
  return workflow === 'recurringImport' ? recurringImportProblems(input) : flowProblems(workflow, input);
}

/**
 * @throws ApplicationFailure `ValidationFailed`: one message with all problems, without values
 */
export function assertInput(workflow: WorkflowName, input: unknown): void {
  refuse(workflow, inputProblems(workflow, input));
}

const sharedMembers = compileRules({ type: 'object', properties: waits });

/**
 * Checks the members that all flows share, for a custom flow, whose other members are not known.
 *
 * @throws ApplicationFailure `ValidationFailed`
 */
export function assertSharedMembers(workflow: string, input: unknown): void {
  const problems = sharedMembers(input);
  // The waits of such a flow are not known, so the check assumes the least possible: one wait of the shortest kind.
  refuse(workflow, problems.length > 0 ? problems : pollingProblems(input, ['imageSet']));
}

/** An input of 2 MB can have 100,000 unknown members, and Temporal terminates a run whose failure is larger than 2 MB. */
const MOST_BYTES_OF_PROBLEMS = 50_000;

/**
 * @param subject - what has the problems, without values of an input
 * @throws ApplicationFailure `ValidationFailed` if there are problems
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
