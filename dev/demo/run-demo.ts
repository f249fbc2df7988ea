/** What `npm run demo` does once its flags are read. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAwsClients } from '../../src/worker/aws-clients.ts';
import { FlowClient } from '../../src/client.ts';
import type { Finished } from './run-flow.ts';
import { Screen } from './screen.ts';
import { play } from './story.ts';
import { startPlatform } from '../platform.ts';
import type { Life } from '../run-process.ts';
import { writeSamples } from '../samples/index.ts';

/** Short time-outs, so that Temporal notices the death of the worker soon. */
const workerSettings = { ACTIVITY_START_TO_CLOSE: '2s', STICKY_SCHEDULE_TO_START: '200ms' };

export interface DemoFlags {
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly server?: string;
}

export async function runDemo(flags: DemoFlags, life: Life): Promise<void> {
  const screen = new Screen(flags.json ?? false);
  const folder = mkdtempSync(join(tmpdir(), 'aws-health-demo-'));
  life.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  screen.heading('Three durable flows on a local HealthImaging and HealthLake. No AWS account is used.');
  const name = `aws-health-demo-${randomBytes(4).toString('hex')}`;
  const platform = await startPlatform(
    { folder, taskQueue: name, server: flags.server, workerSettings, ending: 'kill', say: screen.say },
    life,
  );
  const samples = writeSamples({ s3Folder: platform.s3Folder });
  screen.fact(`Temporal   ${platform.temporal.address}, Web UI ${platform.temporal.uiUrl}`);
  screen.fact(`local AWS  ${platform.awsUrl}`);

  const flows = await FlowClient.connect();
  const aws = createAwsClients(process.env, 5_000);
  const startWorker = () => {
    const worker = platform.startWorker();
    void worker.crashed.then(life.fail);
    return worker;
  };
  const { uiUrl } = platform.temporal;
  const finished = await play({ flows, uiUrl, screen, aws, samples, name, startWorker });
  summarize(screen, finished);
  if (flags.keep) await goOn(screen);
}

function summarize(screen: Screen, finished: readonly Finished[]): void {
  screen.heading('Look at each run in the Web UI (with -- --keep it stays up):');
  for (const { flow, url } of finished) screen.fact(`${flow}\n     ${url}`);
  screen.heading('Three things to do next:');
  screen.fact(
    'npm run dev         the same servers with durable state, and a command line for a run of your own',
  );
  screen.fact('README.md           start runs from your code, and read what their results mean');
  screen.fact('npm run worker      the worker for your own Temporal namespace and AWS account');
}

function goOn(screen: Screen): Promise<never> {
  screen.heading('All of it goes on running. Ctrl-C ends it.');
  return new Promise(() => {});
}
