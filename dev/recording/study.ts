/** Takes a screenshot of a study in the viewer. */
import { writeFileSync } from 'node:fs';
import { createAwsClients } from '../../src/worker/aws-clients.ts';
import { sampleStudies } from '../samples/studies.ts';
import { sayOnStdout as say } from '../say.ts';
import { startViewer } from '../viewer/index.ts';
import { bringViewer, VIEWER_FOLDER } from '../viewer/package.ts';
import { ViewerPage } from '../viewer/page.ts';

/**
 * Takes a screenshot of the first sample study: the middle image of its first series. The samples must have been imported.
 *
 * @param seed - the seed from which the samples were made
 */
export async function photographStudy(
  browser: string,
  awsUrl: string,
  file: string,
  seed = 'samples',
): Promise<void> {
  const { imaging } = createAwsClients(process.env, 5_000);
  const viewer = await startViewer(await bringViewer(VIEWER_FOLDER, say), { awsUrl, imaging, say });
  const [head] = sampleStudies(seed);
  const link = (await viewer.links()).find((each) => each.endsWith(head.uid)) ?? viewer.url;
  const page = await ViewerPage.open(browser, link);
  await page.until({ width: 128, height: 128 }, () => true);
  await page.showPlace(3);
  writeFileSync(file, await page.page.screenshot());
  await page.close();
  viewer.close();
}
