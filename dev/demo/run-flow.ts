/** Runs one flow of the demo, and shows its progress until it has closed. */
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { describeFailure, failureIn } from '../../src/cli/session.ts';
import type { FlowClient, FlowInput, FlowResult, FlowRun } from '../../src/client.ts';
import type { FlowName } from '../../src/input-rules/flows.ts';
import { UserError } from '../../src/lib/user-error.ts';
import type { Progress } from '../../src/workflows/run/progress.ts';
import type { Screen } from './screen.ts';

export interface Stage {
  readonly flows: FlowClient;
  readonly uiUrl: string;
  readonly screen: Screen;
}

export interface Finished<Flow extends FlowName = FlowName> {
  readonly flow: Flow;
  readonly result: FlowResult<Flow>;
  readonly url: string;
}

/**
 * @param onProgress - receives each new step or status; the demo continues when it returns
 * @throws UserError if the run does not complete
 */
export async function runFlow<Flow extends FlowName>(
  { flows, uiUrl, screen }: Stage,
  flow: Flow,
  input: FlowInput<Flow>,
  onProgress: (progress: Progress) => Promise<void> = async () => {},
): Promise<Finished<Flow>> {
  const run = await flows.start(flow, input, { workflowExecutionTimeout: '2 minutes' });
  const { runId } = await run.describe();
  const { workflowId } = run;
  const url = `${uiUrl}/namespaces/${flows.temporal.options.namespace}/workflows/${workflowId}/${runId}/history`;
  const began = Date.now();
  screen.detail(url);

  const ending = settle(run);
  await follow(flows, run, ending, async (progress) => {
    screen.detail([progress.step, progress.status].filter(Boolean).join(' · '));
    await onProgress(progress);
  });
  const outcome = await ending;
  screen.record({ flow, workflowId, runId, ...outcome, url });
  if ('failure' in outcome) {
    throw new UserError(`${flow} has ended as ${outcome.status}: ${describeFailure(outcome.failure)}`);
  }
  screen.success(`completed in ${((Date.now() - began) / 1_000).toFixed(1)} s`);
  return { flow, result: outcome.result, url };
}

type Outcome<Flow extends FlowName> =
  | { readonly status: 'COMPLETED'; readonly result: FlowResult<Flow> }
  | { readonly status: string; readonly failure: ReturnType<typeof failureIn> };

async function settle<Flow extends FlowName>(run: FlowRun<Flow>): Promise<Outcome<Flow>> {
  try {
    return { status: 'COMPLETED', result: await run.result() };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { status } = await run.describe();
    return { status: status.name, failure: failureIn(error) };
  }
}

/** Queries the progress of the run several times per second. While no worker is alive, there is none. */
async function follow<Flow extends FlowName>(
  flows: FlowClient,
  run: FlowRun<Flow>,
  ending: Promise<unknown>,
  onChange: (progress: Progress) => Promise<void>,
): Promise<void> {
  let shown = '';
  while (!(await Promise.race([ending.then(() => true), pause(200, false)]))) {
    const progress = await flows.whereabouts(run.workflowId);
    const state = `${progress?.step} ${progress?.status}`;
    if (progress === undefined || state === shown) continue;
    shown = state;
    await onChange(progress);
  }
}
