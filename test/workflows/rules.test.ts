/**
 * A run records the numbers that decide what it does when it starts. A worker with other defaults, for example after a
 * deployment, must continue an open run exactly as the first worker would have.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker, DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { isRecord } from '../../src/lib/guards.ts';
import { DEFAULT_RULES } from '../../src/pacing/rules.ts';
import { quietRuntime, withCluster, type Cluster } from '../support/cluster.ts';
import { recordedHistories } from '../support/histories.ts';
import { datastoreId, fhirInput } from '../support/inputs.ts';
import { fhirImportReply } from '../support/replies.ts';
import { startScriptedAws, type ScriptedAws } from '../support/scripted-aws.ts';

const folder = mkdtempSync(join(tmpdir(), 'rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Change = (number: number) => number;

/** The same rules with every number changed. */
const changed = (value: unknown, change: Change): unknown =>
  typeof value === 'number'
    ? change(value)
    : isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, changed(member, change)]))
      : value;

const rulesOfProduct = join(import.meta.dirname, '../../dist/src/pacing/rules.js');

/** Bundles the workflows with other default rules. */
async function bundleWith(change: Change) {
  const file = join(folder, 'rules.js');
  writeFileSync(file, `export const DEFAULT_RULES = ${JSON.stringify(changed(DEFAULT_RULES, change))};`);
  return bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, '../../dist/src/workflows/index.js'),
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => {
      const alias = isRecord(config.resolve?.alias) ? config.resolve.alias : {};
      return { ...config, resolve: { ...config.resolve, alias: { ...alias, [rulesOfProduct]: file } } };
    },
  });
}

/** The prefixes of a history, each up to the point where the run waits for an activity or a timer. */
function beginningsOf({ history }: ReturnType<typeof recordedHistories>[number]) {
  const events = history.events ?? [];
  const begins = (event: (typeof events)[number] | undefined) =>
    Boolean(event?.activityTaskScheduledEventAttributes ?? event?.timerStartedEventAttributes);
  return events.flatMap((event, index) =>
    begins(event) && !begins(events[index + 1]) ? [{ events: events.slice(0, index + 1) }] : [],
  );
}

beforeAll(quietRuntime);

let aws: ScriptedAws;
let cluster: Cluster;
withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform));

test('a run that is under way replays on a worker with other defaults', async () => {
  const tenfold: Change = (number) => number * 10;
  const workflowBundle = await bundleWith(tenfold);
  expect(workflowBundle.code).toContain(JSON.stringify(changed(DEFAULT_RULES, tenfold)).slice(1, 40));
  for (const recorded of recordedHistories()) {
    for (const beginning of beginningsOf(recorded)) {
      await expect(
        Worker.runReplayHistory({ workflowBundle }, beginning, recorded.workflowId),
      ).resolves.toBeUndefined();
    }
  }
});

test('a run that waits by the default pacing replays on a worker whose defaults would end its wait', async () => {
  aws.script({
    StartFHIRImportJob: [{ JobId: 'j1', JobStatus: 'SUBMITTED', DatastoreId: datastoreId }],
    DescribeFHIRImportJob: [fhirImportReply('IN_PROGRESS')],
  });
  const { polling: _, ...input } = fhirInput;
  const run = await cluster.flows.start('startImportAndWaitCompleted', input);
  while (aws.callsOf('DescribeFHIRImportJob').length < 2) await pause(100);
  const { events } = await run.fetchHistory();
  await run.terminate();
  const waits = events?.findLastIndex((event) => event.timerStartedEventAttributes) ?? 0;
  const workflowBundle = await bundleWith(() => 0);
  const beginning = { events: (events ?? []).slice(0, waits + 1) };
  await expect(
    Worker.runReplayHistory({ workflowBundle }, beginning, run.workflowId),
  ).resolves.toBeUndefined();
});
