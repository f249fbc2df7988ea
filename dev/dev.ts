/**
 * `npm run dev`: a Temporal server, the local AWS and a worker, all with durable state in one folder, until Ctrl-C.
 */
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ListDatastoresCommand, type MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import { createAwsClients } from '../src/aws-clients.ts';
import { FlowClient } from '../src/client.ts';
import { UserError } from '../src/user-error.ts';
import { readFlags } from './flags.ts';
import { type Platform, startPlatform } from './platform.ts';
import { type Life, runProcess } from './run-process.ts';
import { copyInput, copyPair, type CopyPair, onboardInput } from './sample-jobs.ts';
import { type Samples, writeSamples } from './samples/index.ts';
import { sayOnStdout as say } from './say.ts';
import type { TemporalLocation } from './temporal-choice.ts';

const taskQueue = 'aws-health';

async function main(life: Life): Promise<void> {
  const flags = readFlags({ data: 'DIR', server: 'existing' }, 'npm run dev');
  const folder = resolve(flags.data ?? '.local');
  const platform = await startPlatform(
    { folder, taskQueue, server: flags.server, ending: 'stop', say },
    life,
  );
  keepWorker(platform, life);
  say(`Temporal   ${platform.temporal.address}, Web UI ${platform.temporal.uiUrl}`);
  say(`local AWS  ${platform.awsUrl}, whose S3 is the folder ${platform.s3Folder}`);
  say(`worker     task queue ${taskQueue}, log in ${join(folder, 'worker.log')}`);

  const flows = await FlowClient.connect();
  const { imaging } = createAwsClients(process.env, 5_000);
  const { datastoreId, pair } = await samplesToCopy(flows, imaging, platform.s3Folder);
  say(`samples    in data store ${datastoreId}\n`);
  say(
    `A first run, from another terminal:\n\n${startCommand(platform.temporal, copyInput(datastoreId, pair))}\n`,
  );
  say('Ctrl-C ends all of it; npm run dev goes on where it ended.');
  await new Promise<never>(() => {});
}

/** Starts a worker, and another when that one dies: try what becomes of a run. One that dies at once never will live. */
function keepWorker(platform: Platform, life: Life): void {
  const worker = platform.startWorker();
  const began = Date.now();
  void worker.crashed.then(async (crash) => {
    if (Date.now() - began < 5_000) return life.fail(crash);
    say(`The worker (process ${worker.pid}) is dead: starting another.`);
    await pause(1_000);
    return keepWorker(platform, life);
  });
}

interface SampleStore {
  readonly datastoreId: string;
  readonly pair: CopyPair;
}

/**
 * A data store with two image sets of which none has been copied into the other yet, so that the command we print works
 * each time. Copied ones cannot be copied again: then the next samples are imported, into a data store of their own.
 */
async function samplesToCopy(
  flows: FlowClient,
  imaging: MedicalImagingClient,
  s3Folder: string,
): Promise<SampleStore> {
  for (let number = 1; ; number += 1) {
    const name = `samples-${number}`;
    const samples = writeSamples({ s3Folder, bucket: name, seed: name });
    const store =
      (await findSamples(imaging, name, samples)) ?? (await importSamples(flows, imaging, name, samples));
    if (isUncopied(store.pair, samples)) return store;
  }
}

async function findSamples(
  imaging: MedicalImagingClient,
  name: string,
  samples: Samples,
): Promise<SampleStore | undefined> {
  const { datastoreSummaries = [] } = await imaging.send(
    new ListDatastoresCommand({ datastoreStatus: 'ACTIVE' }),
  );
  for (const { datastoreName, datastoreId = '' } of datastoreSummaries) {
    const pair = datastoreName === name ? await copyPair(imaging, datastoreId, samples) : undefined;
    if (pair !== undefined) return { datastoreId, pair };
  }
  return undefined;
}

/** Joins the run of an earlier start that was cut short, if there is one: it has gone on as soon as its worker was back. */
async function importSamples(
  flows: FlowClient,
  imaging: MedicalImagingClient,
  name: string,
  samples: Samples,
): Promise<SampleStore> {
  const { datastoreId } = await flows.execute('onboardDatastoreAndImport', onboardInput(samples, name));
  const pair = await copyPair(imaging, datastoreId, samples);
  if (pair === undefined)
    throw new UserError(
      `The samples were imported, but data store ${datastoreId} has no image sets of them.`,
    );
  return { datastoreId, pair };
}

const isUncopied = ({ destination }: CopyPair, { studies: [{ series }] }: Samples): boolean =>
  destination.instances === Math.max(...series.map(({ instances }) => instances.length));

/** To be pasted into a shell. The program is named by its path where the shell would not find it. */
function startCommand({ address, program = 'temporal' }: TemporalLocation, input: object): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).includes(dirname(program));
  const command = `${onPath ? 'temporal' : program} workflow start --address ${address} --task-queue ${taskQueue}`;
  return `${command} --type copyImageSet --input '${JSON.stringify(input)}'`;
}

void runProcess(main, { onInterrupt: 0 });
