/**
 * Measures the local AWS: the reads per second over one connection, compared with a server that always sends the same reply; the
 * fsyncs per write; with 10,000 jobs, the times of a start of a job and of a page of their list; and, with 100,000 image sets, the
 * memory, the time of a start and the times of searches.
 *
 * Times of different machines cannot be compared, so each is also shown as a ratio to another time of the same run. Each is the
 * best of several, because other programs on the machine only slow the work down. Each server runs in a process of its own.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { image, imageSize, importAll } from './support/dicom.ts';
import { multiplyImageSet } from './support/many-image-sets.ts';
import { RawConnection, serve } from './support/served.ts';

const ROUNDS = 8;
const READS_PER_ROUND = 3000;
const WRITES = 200;
const JOBS = 10_000;
const JOBS_PER_ROUND = 500;
const IMAGE_SETS = 100_000;
const INSTANCES = 20;
const RUNS = 15;

const scenarios: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  reads,
  writes,
  jobs,
  'image-sets': manyImageSets,
};

async function main(): Promise<void> {
  const [wanted, folder] = process.argv.slice(2);
  if (wanted === '--multiply' && folder) return multiplyImageSet(folder, IMAGE_SETS);
  if (wanted !== undefined && !Object.hasOwn(scenarios, wanted)) {
    console.error(`bench/local-aws: there is no "${wanted}", but ${Object.keys(scenarios).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  for (const [name, run] of Object.entries(scenarios)) {
    if (wanted !== undefined && wanted !== name) continue;
    const data = mkdtempSync(join(tmpdir(), 'bench-local-aws-'));
    try {
      await run(data);
    } finally {
      rmSync(data, { recursive: true });
    }
  }
}

async function reads(data: string): Promise<void> {
  const [local, constant] = [await serve(data), await serve('constant')];
  const [ours, theirs] = [local, constant].map(({ endpoint }) => new RawConnection(endpoint));
  if (!ours || !theirs) throw new Error('two servers have two connections');
  const path = `/datastore/${await createDatastore(ours)}`;
  const best = { ours: 0, theirs: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    best.theirs = Math.max(best.theirs, await readsPerSecond(theirs, path));
    best.ours = Math.max(best.ours, await readsPerSecond(ours, path));
  }
  print('reads by one connection', `${whole(best.ours)} a second`);
  print(
    'of a constant server',
    `${whole(best.theirs)} a second, ${(best.theirs / best.ours).toFixed(1)} times as many`,
  );
  for (const connection of [ours, theirs]) connection.close();
  await Promise.all([local.stop(), constant.stop()]);
}

async function readsPerSecond(connection: RawConnection, path: string): Promise<number> {
  const began = performance.now();
  for (let read = 0; read < READS_PER_ROUND; read++) await connection.call('GET', path);
  return (READS_PER_ROUND / (performance.now() - began)) * 1000;
}

async function writes(data: string): Promise<void> {
  if (!hasStrace()) return print('fsyncs of a write', 'not counted: there is no strace');
  const [none, all] = [await fsyncsOf(data, 0), await fsyncsOf(data, WRITES)];
  print('fsyncs of a write', ((all - none) / WRITES).toFixed(2));
}

function hasStrace(): boolean {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The number of fsyncs of a local AWS that does `count` writes. strace counts them, because LevelDB also makes its own. */
async function fsyncsOf(data: string, count: number): Promise<number> {
  const report = join(data, 'strace.txt');
  const strace = ['strace', '-f', '-c', '-e', 'trace=fsync,fdatasync', '-o', report];
  const local = await serve(join(data, String(count)), strace);
  const connection = new RawConnection(local.endpoint);
  for (let write = 0; write < count; write++) await createDatastore(connection);
  connection.close();
  await local.stop();
  // Columns: share of the time, seconds, microseconds a call, calls, errors if any, name.
  const rows = readFileSync(report, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const syncs = rows.filter((columns) => ['fsync', 'fdatasync'].includes(columns.at(-1) ?? ''));
  return syncs.reduce((sum, [, , , calls]) => sum + Number(calls), 0);
}

let datastores = 0;

async function createDatastore(connection: RawConnection): Promise<string> {
  const body = JSON.stringify({ clientToken: `bench-${datastores++}` });
  return JSON.parse(await connection.call('POST', '/datastore', body)).datastoreId;
}

/** How one service starts and lists jobs; each job ends at once, because the bucket of its input does not exist. */
interface JobCalls {
  readonly start: (connection: RawConnection, number: number) => Promise<unknown>;
  /** @returns the token of the next page */
  readonly list: (connection: RawConnection, token: string | undefined) => Promise<string | undefined>;
}

const role = 'arn:aws:iam::123456789012:role/bench';

async function jobs(data: string): Promise<void> {
  const local = await serve(data);
  const connection = new RawConnection(local.endpoint);
  const settings = {
    dicomImportSubmittedMs: 0,
    dicomImportMs: 0,
    fhirDatastoreCreateMs: 0,
    fhirImportSubmittedMs: 0,
  };
  await connection.call(
    'POST',
    '/_local/settings',
    JSON.stringify({ ...settings, fhirImportQueueLength: JOBS }),
  );
  const path = `/datastore/${await createDatastore(connection)}`;
  await measureJobs('DICOM import', connection, dicomImports(path));
  await measureJobs('FHIR import', connection, await fhirImports(connection));
  connection.close();
  await local.stop();
}

async function measureJobs(
  what: string,
  connection: RawConnection,
  { start, list }: JobCalls,
): Promise<void> {
  const rounds: number[] = [];
  for (let number = 0; number < JOBS; number += JOBS_PER_ROUND) {
    const began = performance.now();
    for (let i = 0; i < JOBS_PER_ROUND; i++) await start(connection, number + i);
    rounds.push((performance.now() - began) / JOBS_PER_ROUND);
  }
  const [first, last] = [Math.min(...rounds.slice(0, 3)), Math.min(...rounds.slice(-3))];
  print(`start of ${what} ${JOBS}`, `${last.toFixed(1)} ms, ${ratio(last, first)} of the first ones`);
  let pages = 0;
  const began = performance.now();
  let token: string | undefined;
  do {
    token = await list(connection, token);
    pages++;
  } while (token !== undefined);
  const time = performance.now() - began;
  print(`list of ${JOBS} ${what}s`, `${(time / pages).toFixed(1)} ms for each of ${pages} pages`);
}

const dicomImports = (path: string): JobCalls => ({
  start: (connection, number) =>
    connection.call(
      'POST',
      `/startDICOMImportJob${path}`,
      JSON.stringify({
        clientToken: `job-${number}`,
        dataAccessRoleArn: role,
        inputS3Uri: 's3://none/in/',
        outputS3Uri: 's3://none/out/',
      }),
    ),
  async list(connection, token) {
    const query = token === undefined ? '' : `&nextToken=${encodeURIComponent(token)}`;
    const page = await connection.call('GET', `/listDICOMImportJobs${path}?maxResults=50${query}`);
    return JSON.parse(page).nextToken;
  },
});

async function fhirImports(connection: RawConnection): Promise<JobCalls> {
  const call = async (operation: string, input: object, to = connection) => {
    const headers = `x-amz-target: HealthLake.${operation}\r\ncontent-type: application/x-amz-json-1.0\r\n`;
    return JSON.parse(await to.call('POST', '/', JSON.stringify(input), headers));
  };
  const { DatastoreId } = await call('CreateFHIRDatastore', { DatastoreTypeVersion: 'R4' });
  return {
    start: (to, number) =>
      call(
        'StartFHIRImportJob',
        {
          DatastoreId,
          ClientToken: `job-${number}`,
          DataAccessRoleArn: role,
          InputDataConfig: { S3Uri: 's3://none/in/' },
          JobOutputDataConfig: {
            S3Configuration: {
              S3Uri: 's3://none/out/',
              KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1',
            },
          },
        },
        to,
      ),
    async list(to, token) {
      const page = await call('ListFHIRImportJobs', { DatastoreId, MaxResults: 50, NextToken: token }, to);
      return page.NextToken;
    },
  };
}

async function manyImageSets(data: string): Promise<void> {
  const empty = await serve(join(data, 'empty'));
  const { megabytes: least } = await empty.stop();
  const datastoreId = await importOne(data);
  execFileSync(process.execPath, [import.meta.filename, '--multiply', data], { stdio: 'inherit' });

  const local = await serve(data);
  print(
    `start with ${IMAGE_SETS} image sets`,
    `${whole(local.startMs)} ms, ${ratio(local.startMs, empty.startMs)} of a start with none`,
  );
  const connection = new RawConnection(local.endpoint);
  const path = `/datastore/${datastoreId}`;
  await readsPerSecond(connection, path);
  const read = await fastest(() => connection.call('GET', path));
  for (const [what, criteria] of Object.entries(searches)) {
    const body = JSON.stringify(criteria);
    const time = await fastest(async () => {
      const found = await connection.call('POST', `${path}/searchImageSets`, body);
      if (JSON.parse(found).imageSetsMetadataSummaries.length === 0)
        throw new Error(`${what}: nothing is found`);
    });
    print(`search by ${what}`, `${time.toFixed(1)} ms, ${ratio(time, read)} of GetDatastore`);
  }
  connection.close();
  const { megabytes } = await local.stop();
  print('memory at the most', `${megabytes} MB, ${megabytes - least} MB more than with none`);
}

const studyDates = (low: string, high: string) => [
  { DICOMStudyDateAndTime: { DICOMStudyDate: low } },
  { DICOMStudyDateAndTime: { DICOMStudyDate: high } },
];

const searches: Readonly<Record<string, object>> = {
  nothing: {},
  'a patient': { filters: [{ operator: 'EQUAL', values: [{ DICOMPatientId: 'P5000' }] }] },
  'a series': { filters: [{ operator: 'EQUAL', values: [{ DICOMSeriesInstanceUID: '1.2.9.70000' }] }] },
  'what is primary': { filters: [{ operator: 'EQUAL', values: [{ isPrimary: true }] }] },
  'all study dates': {
    filters: [{ operator: 'BETWEEN', values: studyDates('19000101', '29991231') }],
    sort: { sortField: 'DICOMStudyDateAndTime', sortOrder: 'ASC' },
  },
  'a month of study dates': {
    filters: [{ operator: 'BETWEEN', values: studyDates('19750101', '19750131') }],
  },
};

/** Imports one series of 20 instances, which becomes one image set. @returns the id of its data store */
async function importOne(data: string): Promise<string> {
  mkdirSync(join(data, 's3/input'), { recursive: true });
  for (let index = 0; index < INSTANCES; index++) {
    const pixels = ['7FE00010', 'OW', Buffer.alloc(32, index)] as const;
    const file = image('1.2.9.0', `1.2.9.0.${index}`, [...imageSize(4), pixels]);
    writeFileSync(join(data, 's3/input', `${index}.dcm`), file);
  }
  return importAll(data);
}

/** The milliseconds of the fastest of several runs. */
async function fastest(work: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    await work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

const whole = (value: number) => Math.round(value).toLocaleString('en');
const ratio = (time: number, baseline: number) => `${(time / baseline).toFixed(1)} times that`;
const print = (what: string, result: string) => console.log(`${what.padEnd(34)}${result}`);

await main();
