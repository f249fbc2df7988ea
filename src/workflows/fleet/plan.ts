import type { PlanOrder, Survey } from '../../activities/fleet/plan.ts';
import type { Encryption, PlanSums } from '../../activities/fleet/plan-files.ts';
import { fleets } from '../run/activities.ts';
import type { Flow } from '../run/flow.ts';

/** A complete plan. Its files in S3 name the jobs, and what cannot be imported. */
export interface Plan extends PlanSums, Encryption {
  readonly planId: string;
  /** The folder of the plan's files. */
  readonly uri: string;
  /** Whether this run has made it, so that no job of it was started before. */
  readonly isNew: boolean;
}

/**
 * Plans a fleet, or returns the plan that an earlier run has made. Each shard of the input is an activity of its own; all that
 * passes through the history are sums.
 *
 * @param stagingS3Uri - where files that no prefix can import are copied to; absent if they are not
 * @throws ApplicationFailure `ValidationFailed` for folders that overlap or an impossible `stagingS3Uri`, or by the name of the S3 exception
 */
export async function makePlan(
  flow: Flow,
  order: PlanOrder,
  encryption: Encryption,
  stagingS3Uri?: string,
): Promise<Plan> {
  const survey = await flow.readLong('+survey', fleets.surveyFleet, { ...order, ...encryption });
  const { planId, planUri, shards, complete } = survey;
  flow.know({ planId });
  const sums = complete ?? (await planShards(flow, { planId, planUri, shards }, encryption));
  const plan = { planId, uri: planUri, isNew: complete === undefined, ...encryption };
  if (stagingS3Uri === undefined) return { ...plan, ...sums };
  const { source, limits } = order;
  const staging = { planId, planUri, stagingS3Uri, source, limits, ...encryption };
  return { ...plan, ...(await flow.readLong('+planStaging', fleets.planStaging, staging)) };
}

async function planShards(
  flow: Flow,
  { planId, planUri, shards }: Pick<Survey, 'planId' | 'planUri' | 'shards'>,
  encryption: Encryption,
): Promise<PlanSums> {
  const parts: PlanSums[] = [];
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < shards; n = next++) {
      parts[n] = await flow.readLong(`+plan · ${n + 1} of ${shards}`, fleets.planShard, {
        planUri,
        n,
        ...encryption,
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(flow.facts.rules.fleet.shardsAtOnce, shards) }, worker));
  return flow.readLong('+closePlan', fleets.closePlan, { planId, planUri, parts, ...encryption });
}
