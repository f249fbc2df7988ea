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

test('leads a new user to a plan, and shows what it prints', async () => {
  const output = await page.run(shellBlocksOf(page.text));
  const [, shown = ''] = /^```json\n(.*?)^```$/ms.exec(page.text) ?? [];
  expect(await cluster.flows.result('plan')).toMatchObject(JSON.parse(shown));
  expect(output).toContain('{"prefix":"s3://archive/2026/study-1/","files":6,"bytes":36}');
  expect(output).toContain('"why":"beside sub-folders"');
});
