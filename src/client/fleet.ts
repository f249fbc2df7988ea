/** Steers a fleet that is running: sends it an update, and waits a limited time for the answer. */
import {
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcServiceError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isFleetName } from '../input-rules/fleets.ts';
import { UserError } from '../lib/user-error.ts';
import type { FleetStanding } from '../workflows/fleet/steering.ts';

/** An update of a fleet, and its value if it takes one. */
export type FleetUpdate =
  | readonly ['pause' | 'resume' | 'cancelRemaining']
  | readonly ['setConcurrency' | 'setStartsPerSecond', number];

/** Without a live worker an update would wait for ever. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * See `FlowClient.steer`.
 *
 * @param within - how long to wait for an answer, in milliseconds
 */
export async function steerFleet(
  temporal: Client,
  workflowId: string,
  [name, ...args]: FleetUpdate,
  within = ANSWER_WITHIN_MS,
): Promise<FleetStanding> {
  // By the workflow id alone: a fleet that continues as new gets another run id.
  const fleet = temporal.workflow.getHandle(workflowId);
  const { type, status } = await fleet.describe();
  if (!isFleetName(type)) {
    // The fleet that a firing has started is a run of its own.
    const instead = type === 'recurringImport' ? ` If it has started one, that is ${workflowId}-import.` : '';
    throw new UserError(`${workflowId} is a run of ${type}, which is no fleet.${instead}`);
  }
  if (status.name !== 'RUNNING') throw new UserError(`${workflowId} has already ended as ${status.name}.`);
  const update = () =>
    fleet.executeUpdate<FleetStanding, [number]>(name, { args: args as unknown as [number] });
  try {
    return await temporal.withDeadline(Date.now() + within, update);
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
      throw new UserError(`${name}: ${error.cause.message}.`);
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcServiceError(error))
      throw new UserError(
        `No worker has answered within ${within / 1_000} s, so ${name} may take effect later or not at all. ` +
          'Start a worker, and send it again: it does no harm to send it twice.',
      );
    throw error;
  }
}
