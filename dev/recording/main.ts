/**
 * `npm run docs:recording`: records the animation of the demo and all pictures of README.md and docs/, from real runs on its
 * own servers. Ids, times and ports differ at each recording.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlowClient } from '../../src/client.ts';
import { readFlags } from '../flags.ts';
import { startPlatform } from '../platform.ts';
import { type Life, runProcess } from '../run-process.ts';
import { sayOnStdout as say } from '../say.ts';
import { findBrowser, photograph } from './browser.ts';
import { type Frame, framesOf } from './frames.ts';
import { IMPORT, SCHEDULE, Stage } from './stage.ts';
import { photographStudy } from './study.ts';
import { svgOf } from './svg.ts';
import { record } from './take.ts';

const docs = join(import.meta.dirname, '../../../docs');

interface Shot {
  /** The file name in docs/, without its extension. */
  readonly name: string;
  readonly command: string;
  readonly title: string;
  readonly columns: number;
  readonly rows: number;
}

async function main(life: Life): Promise<void> {
  readFlags({}, 'npm run docs:recording');
  await film({
    name: 'demo',
    command: 'npm run demo',
    title: 'npm run demo: three flows run on local servers, one of them through the death of its worker',
    columns: 112,
    rows: 30,
  });

  const folder = mkdtempSync(join(tmpdir(), 'aws-health-recording-'));
  life.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const platform = await startPlatform(
    { folder, taskQueue: 'aws-health', server: undefined, ending: 'kill', say },
    life,
  );
  const stage = new Stage(await FlowClient.connect(), platform.s3Folder);
  const run = await stage.startImport();
  const watched = film({
    name: 'watch',
    command: `npx aws-health-workflows watch ${IMPORT}`,
    title: 'aws-health-workflows watch: the steps of a run as they come, and how it has ended',
    columns: 126,
    rows: 12,
  });
  // The run starts only now, so that the recorded command shows its first steps.
  void platform.startWorker().crashed.then(life.fail);
  await watched;
  await still({
    name: 'failures',
    command: `npx aws-health-workflows failures ${IMPORT}`,
    title: 'aws-health-workflows failures: the files that were not imported, and why',
    columns: 112,
    rows: 12,
  });
  const { datastoreId } = await run.result();
  const browser = findBrowser();
  // Before the runs of startOthers, one of which merges the two series of the study.
  if (browser !== undefined) {
    await photographStudy(browser, platform.awsUrl, join(docs, 'viewer.png'));
    say('docs/viewer.png');
  }
  const recordsId = await stage.createRecords();
  await stage.startOthers(datastoreId, recordsId);
  await still({
    name: 'list',
    command: 'npx aws-health-workflows list --all',
    title: 'aws-health-workflows list --all: runs, how they stand and what their imports have come to',
    columns: 140,
    rows: 12,
  });
  await stage.fireSchedule(recordsId);

  if (browser === undefined) {
    say(
      'The pictures of the viewer and of the Web UI stay as they are: no browser was found. To make them: apt-get install chromium',
    );
    return;
  }
  const pages = `${platform.temporal.uiUrl}/namespaces/default`;
  const runPage = `${pages}/workflows/${IMPORT}/${run.firstExecutionRunId}/history`;
  await photo(browser, 'run-in-web-ui', runPage, 1120);
  await photo(browser, 'schedule-in-web-ui', `${pages}/schedules/${SCHEDULE}`, 1000);
}

/** The whole output of the command, as an animation. */
const film = (shot: Shot) => shoot(shot, (frames) => frames);

/** The last frame. */
const still = (shot: Shot) => shoot(shot, (frames) => frames.slice(-1));

async function shoot(
  { name, command, title, ...size }: Shot,
  choose: (frames: Frame[]) => Frame[],
): Promise<void> {
  const frames = await framesOf(await record(command, size), size);
  writeFileSync(join(docs, `${name}.svg`), svgOf(choose(frames), { title, columns: size.columns }));
  say(`docs/${name}.svg`);
}

async function photo(browser: string, name: string, url: string, height: number): Promise<void> {
  await photograph(browser, { url, file: join(docs, `${name}.png`), width: 1400, height });
  say(`docs/${name}.png`);
}

void runProcess(main);
