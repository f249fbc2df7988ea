/** Runs every command of `docs/recurring-imports.md` exactly as it is in the page. */
import { localAws, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { withCluster, type Cluster } from './support/cluster.ts';
import { polling } from './support/inputs.ts';
import { openPage, shellBlocksOf, type Page } from './support/page.ts';
import { untilFired } from './support/schedules.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let page: Page;

withCluster(localAws, (...platform) => ([aws, cluster] = platform));
beforeAll(async () => {
  page = openPage('docs/recurring-imports.md', aws, cluster);
  // The page assumes a running worker.
  await cluster.flows.execute('provisionDatastore', { datastoreName: 'first', polling });
});
afterAll(() => page.close());

test('leads a new user to a nightly import with backfill', async () => {
  const [tour = '', end = ''] = page.text.split('## Delete the schedules');
  const output = await page.run(shellBlocksOf(tour));
  expect(output).toContain('nightly is created.');
  expect(output).toContain('nightly starts 3 firings, one after the other.');

  const { recent } = await untilFired(cluster.flows, 'nightly', 4);
  const runs = recent.map(({ workflowId, runId }) =>
    cluster.flows.temporal.workflow.getHandle(workflowId, runId),
  );
  const results = await Promise.all(runs.map((firing) => firing.result()));
  expect(results).toMatchObject([
    { status: 'imported', inputS3Uri: 's3://incoming/2026/01/01/' },
    { status: 'imported', inputS3Uri: 's3://incoming/2026/01/02/' },
    { status: 'imported', inputS3Uri: 's3://incoming/2026/01/03/' },
    { status: 'skipped', reason: 'nothing is there' },
  ]);
  expect(recent[0]?.workflowId).toBe('nightly-2026-01-02T01:00:00Z');
  const byTemporal = await cluster.flows.schedules.describe('by-temporal');
  const nightly = await cluster.flows.schedules.describe('nightly');
  expect(byTemporal.recurringImport.input).toEqual(nightly.recurringImport.input);

  expect(await page.run(shellBlocksOf(end))).toContain('nightly is deleted.');
});
