/** Runs every command of `docs/events.md` exactly as it is in the page. */
import { localAws, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { withCluster, type Cluster } from './support/cluster.ts';
import { openPage, shellBlocksOf, type Page } from './support/page.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let page: Page;

// Long enough for a run to see the data store and the import before they are ready.
const durations = { fhirDatastoreCreateMs: 2_000, fhirImportMs: 2_000 };

withCluster(
  () => localAws(durations),
  (...platform) => ([aws, cluster] = platform),
);
beforeAll(() => {
  page = openPage('docs/events.md', aws, cluster);
});
afterAll(() => page.close());

test('an import that polls every hour ends after seconds, because events show its end', async () => {
  const output = await page.run(shellBlocksOf(page.text));
  expect(output).toContain('"by": "event"');
  expect(output).toMatch(/^\d+ received: .*signalled/m);
  const shown = page.text.match(/^✓ event queue .*$/m)?.[0] ?? 'none';
  // A message for a run that Temporal's visibility did not know yet waits, or is in flight, until the consumer receives it again.
  expect(output.replaceAll(/\d+ (?=messages waiting|in flight)/g, '0 ')).toContain(shown);
});
