/**
 * What decides about a run is recorded when it begins: a worker with other defaults, as after a deployment, must continue
 * a run that is under way exactly as the first one would have.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker, DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { isRecord } from '../../src/lib/guards.ts';
import { DEFAULT_RULES } from '../../src/pacing/rules.ts';
import { quietRuntime } from '../support/cluster.ts';
import { recordedHistories } from '../support/histories.ts';

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

/** The beginnings of a history, each up to where the run has begun to wait: for an activity, or for a timer. */
function beginningsOf({ history }: ReturnType<typeof recordedHistories>[number]) {
  const events = history.events ?? [];
  const begins = (event: (typeof events)[number] | undefined) =>
    Boolean(event?.activityTaskScheduledEventAttributes ?? event?.timerStartedEventAttributes);
  return events.flatMap((event, index) =>
    begins(event) && !begins(events[index + 1]) ? [{ events: events.slice(0, index + 1) }] : [],
  );
}

beforeAll(quietRuntime);

test.each([
  ['a tenth', (number: number) => number / 10],
  ['tenfold', (number: number) => number * 10],
  ['nothing', () => 0],
])(
  'a run that is under way replays on a worker whose defaults are %s of those it began with',
  async (_, change) => {
    const workflowBundle = await bundleWith(change);
    expect(workflowBundle.code).toContain(JSON.stringify(changed(DEFAULT_RULES, change)).slice(1, 40));
    for (const recorded of recordedHistories()) {
      for (const beginning of beginningsOf(recorded)) {
        await expect(
          Worker.runReplayHistory({ workflowBundle }, beginning, recorded.workflowId),
        ).resolves.toBeUndefined();
      }
    }
  },
);
