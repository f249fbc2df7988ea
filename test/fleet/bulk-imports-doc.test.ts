/** Runs every command of `docs/bulk-imports.md` exactly as it is in the page. */
import { localAws, type LocalAwsUnderTest } from '../local-aws/harness.ts';
import { withCluster, type Cluster } from '../support/cluster.ts';
import { openPage, shellBlocksOf, type Page } from '../support/page.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let page: Page;

withCluster(localAws, (...platform) => ([aws, cluster] = platform));
beforeAll(() => {
  page = openPage('docs/bulk-imports.md', aws, cluster);
});
afterAll(() => page.close());

test('leads a new user to a plan and a fleet, and shows what they print', async () => {
  const output = await page.run(shellBlocksOf(page.text));
  const shown = [...page.text.matchAll(/^```json\n(.*?)^```$/gms)].map(([, json = '']) => JSON.parse(json));
  expect(await cluster.flows.result('plan')).toMatchObject(shown[0]);
  expect(await cluster.flows.result('archive')).toMatchObject(shown[1]);
  expect(await cluster.flows.result('archive-again')).toEqual(await cluster.flows.result('archive'));
  expect(await cluster.flows.result('archive-copies')).toMatchObject(shown[2]);
  expect(output).toContain('2026/study-6/DICOMDIR');
  expect(output).not.toContain('0000001.dcm');
  expect(output).toContain('{"prefix":"s3://archive/2026/study-1/","files":6,"bytes":36}');
  expect(output).toContain('"why":"beside sub-folders"');
  expect(output).toMatch(/OUTCOME +IMPORTED +OF .*\nnone +0 +6 +1/);
  expect(output).toContain('3 of 36 are shown');
  const { jobSummaries } = await aws.imaging.listDICOMImportJobs({
    datastoreId: (await cluster.flows.result<'provisionDatastore'>('store')).datastoreId,
  });
  expect(jobSummaries).toHaveLength(8);
});
