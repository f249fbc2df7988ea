/**
 * What the encryption of payloads costs a worker, in processor time: `npm run bench -- codec [TURNS]`. It needs Linux, and takes three
 * minutes.
 *
 * Two workers execute the same runs of `onboardDatastoreAndImport`, one of them with `PAYLOAD_KEYS` and a key of the local KMS. They take
 * turns of six runs each, because the speed of a machine changes within a minute, and must change for both. There are four rounds of
 * TURNS turns (default: 8), after one round that does not count. Only the workers' own processor time counts, and not that of the
 * client, of Temporal and of the local AWS, which are other processes.
 */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startChild } from '../dev/children.ts';
import { promptTimers, startTemporalServer } from '../dev/temporal-server.ts';
import { LocalAwsControl } from '../local-aws/control.ts';
import { FlowClient } from '../src/client.ts';
import { ENCRYPTED } from '../src/payloads/encryption-codec.ts';
import { clientEncryption } from '../src/payloads/encryption.ts';
import { image, imageSize } from './support/dicom.ts';
import { median } from './support/median.ts';
import { serve } from './support/served.ts';

const TURNS = Number(process.argv[2] ?? 8);
const ROUNDS = 4;
/** How many runs a worker executes in a turn, all at the same time. */
const AT_ONCE = 6;
/** What the codec may cost: with it a run takes at most this many times as much. */
const MOST = 1.1;

const folder = await mkdtemp(join(tmpdir(), 'bench-codec-'));
const data = join(folder, 'aws');
const input = join(data, 's3/input/study');
await mkdir(input, { recursive: true });
await mkdir(join(data, 's3/output'), { recursive: true });
for (let index = 0; index < 4; index++) {
  await writeFile(join(input, `${index}.dcm`), image('1.2.3', `1.2.3.${index}`, imageSize(16)));
}
const aws = await serve(data);
await new LocalAwsControl(aws.endpoint).settings({
  datastoreCreateMs: 200,
  dicomImportSubmittedMs: 100,
  dicomImportMs: 500,
});
const temporal = await startTemporalServer({ headless: true, port: 0, dynamicConfig: [promptTimers] });
// The client of KMS reads these variables of this process too.
Object.assign(process.env, {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_ENDPOINT_URL: aws.endpoint,
});
const connection = await Connection.connect({ address: temporal.address });

/** A worker, with a client that encrypts as it does. */
async function startStage(taskQueue: string, settings: Readonly<Record<string, string>>) {
  const worker = startChild(process.execPath, ['dist/src/cli.js', 'worker'], {
    name: 'worker',
    logFile: join(folder, `${taskQueue}.log`),
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_TASK_QUEUE: taskQueue,
      ...settings,
    },
  });
  const dataConverter = await clientEncryption(settings, 'default');
  const flows = new FlowClient(
    new Client({ connection, ...(dataConverter && { dataConverter }) }),
    taskQueue,
  );
  const execute = async (number: number) => {
    const run = await flows.start('onboardDatastoreAndImport', {
      datastoreName: `${taskQueue}-${number}`,
      dataAccessRoleArn: 'arn:aws:iam::123456789012:role/import',
      inputS3Uri: 's3://input/study/',
      outputS3Uri: 's3://output/',
      polling: { minimumInterval: 100 },
    });
    const { outcome } = await run.result();
    if (outcome !== 'complete') throw new Error(`A run has imported: ${outcome}`);
    return run.workflowId;
  };
  let executed = 0;
  /** @returns the processor time of the worker for the runs of a turn, in milliseconds */
  const turn = async (): Promise<number> => {
    const before = processorTime(worker.pid);
    await Promise.all(Array.from({ length: AT_ONCE }, () => execute(++executed)));
    return processorTime(worker.pid) - before;
  };
  /** How the result of a run is stored. It proves that only one of the workers encrypts. */
  const encoding = async (): Promise<string> => {
    const { events } = await flows.temporal.workflow.getHandle(await execute(0)).fetchHistory();
    const result = events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
    return Buffer.from(result?.metadata?.['encoding'] ?? []).toString();
  };
  return { worker, turn, encoding };
}

/** @returns the processor time of each worker for one run, in milliseconds */
async function round() {
  const used = { plain: 0, encrypted: 0 };
  for (let number = 0; number < TURNS; number++) {
    used.plain += await plain.turn();
    used.encrypted += await encrypted.turn();
  }
  const runs = TURNS * AT_ONCE;
  return { plain: used.plain / runs, encrypted: used.encrypted / runs };
}

/** The processor time that a process has used, in milliseconds. Linux counts it in hundredths of a second. */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

const plain = await startStage('plain', {});
const encrypted = await startStage('encrypted', { PAYLOAD_KEYS: 'kms:alias/bench' });
try {
  const encodings = [await plain.encoding(), await encrypted.encoding()];
  if (encodings.join() !== `json/plain,${ENCRYPTED}`)
    throw new Error(`Payloads are stored as ${encodings.join()}.`);
  await round();
  console.log(`Processor time of the worker a run, ${TURNS * AT_ONCE} runs a round:`);
  const rounds: Awaited<ReturnType<typeof round>>[] = [];
  for (let number = 1; number <= ROUNDS; number++) {
    const used = await round();
    rounds.push(used);
    console.log(
      `round ${number}   without ${used.plain.toFixed(1)} ms   encrypted ${used.encrypted.toFixed(1)} ms`,
    );
  }
  const without = median(rounds.map((used) => used.plain));
  const withCodec = median(rounds.map((used) => used.encrypted));
  const ratio = withCodec / without;
  console.log(
    `median    without ${without.toFixed(1)} ms   encrypted ${withCodec.toFixed(1)} ms   ratio ${ratio.toFixed(3)}, at most ${MOST}`,
  );
  if (!(ratio <= MOST)) process.exitCode = 1;
} finally {
  await connection.close();
  await Promise.all([plain.worker.kill(), encrypted.worker.kill(), temporal.stop(), aws.stop()]);
  await rm(folder, { recursive: true });
}
