/** What a Temporal server stores of encrypted runs, searched for the data of patients. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readAccess } from '../../src/payloads/codec-access.ts';
import { createCodecServer } from '../../src/payloads/codec-server.ts';
import { WORKFLOW_NAMES } from '../../src/input-rules/workflows.ts';
import proto from '@temporalio/proto';
import { required, withCluster, type Cluster } from '../support/cluster.ts';
import { listen } from '../support/listen.ts';
import { datastoreId, onboardInput, untyped } from '../support/inputs.ts';
import { CASES, PATIENT, PLANTED, WORDS, runCase } from '../support/patient-cases.ts';
import { dicomJobReply } from '../support/replies.ts';
import { fireOnce, latestRun } from '../support/schedules.ts';
import { error, startScriptedAws, type ScriptedAws } from '../support/scripted-aws.ts';
import { encodedIn, everythingStored, withChildren } from '../support/stored.ts';

const { DescribeScheduleResponse, ListSchedulesResponse } = proto.temporal.api.workflowservice.v1;

let aws: ScriptedAws;
let cluster: Cluster;

const folder = mkdtempSync(join(tmpdir(), 'ahw-keys-'));
const keyFile = join(folder, 'keys');
writeFileSync(keyFile, randomBytes(32).toString('base64'));

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform), {
  settings: { PAYLOAD_KEYS: `file:${keyFile}` },
});

afterAll(() => rmSync(folder, { recursive: true }));

test('there is a case for every flow', () => {
  const covered = new Set<string>(CASES.map(({ flow }) => flow));
  expect(WORKFLOW_NAMES.filter((name) => !covered.has(name))).toEqual([]);
});

test.each(CASES)('$flow, $what: nothing of the patient is stored', async (planted) => {
  const { flow, type, words } = planted;
  // A client that has the keys reads the failure as if nothing were encrypted.
  const { run, failedBy, message, details } = await runCase(aws, cluster, planted);
  expect(failedBy).toBe(type);
  expect(message).not.toContain('Encoded failure');
  if (words) expect(details?.[0]).toMatchObject({ awsMessage: expect.stringContaining(WORDS) as string });

  const stored = await everythingStored(cluster, await withChildren(cluster, run.workflowId));
  // Proves that the stored data hold what is never encrypted.
  expect(encodedIn(stored, [flow, ...(type ? [type] : [])])).toEqual([flow, ...(type ? [type] : [])]);
  expect(encodedIn(stored, [...PLANTED, WORDS, ...(message ? [message] : [])])).toEqual([]);
});

test('a call that is being retried stores nothing of what AWS says about it', async () => {
  aws.script({ SearchImageSets: [error('ThrottlingException', 429, WORDS)] });
  const run = await cluster.flows.start('findImageSetByPatient', { datastoreId, dicomPatientId: PATIENT.id });
  for (;;) {
    const { raw } = await run.describe();
    if ((raw.pendingActivities ?? []).some(({ lastFailure }) => lastFailure)) break;
  }
  const stored = await everythingStored(cluster, [run.workflowId]);
  expect(encodedIn(stored, ['ThrottlingException'])).toEqual(['ThrottlingException']);
  expect(encodedIn(stored, [...PLANTED, WORDS])).toEqual([]);
  await run.terminate();
});

test('a schedule, and the run that it starts, store nothing of its input', async () => {
  const { temporal, schedules } = cluster.flows;
  const { datastoreName: _, ...importInput } = onboardInput;
  const names = ['ACC-4711007', 'DOE^JANE.dcm'];
  aws.script(
    {
      StartDICOMImportJob: [{ datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' }],
      GetDICOMImportJob: [dicomJobReply('COMPLETED')],
      SearchImageSets: [{ imageSetsMetadataSummaries: [] }],
    },
    { 's3://bucket/in/ACC-4711007/DOE^JANE.dcm': 'x' },
  );
  await schedules.ensure('nightly', {
    flow: 'importDicomAndSearch',
    cron: '0 0 1 1 *',
    input: { ...importInput, datastoreId, inputS3Uri: 's3://bucket/in/ACC-4711007/' },
  });
  await fireOnce(cluster.flows, 'nightly');
  const { namespace } = temporal.options;
  const { workflowService } = cluster.connection;
  const described = await workflowService.describeSchedule({ namespace, scheduleId: 'nightly' });
  const listed = await workflowService.listSchedules({ namespace, maximumPageSize: 10 });
  const { workflowId } = await latestRun(cluster.flows, 'nightly');
  const stored = Buffer.concat([
    DescribeScheduleResponse.encode(described).finish(),
    ListSchedulesResponse.encode(listed).finish(),
    await everythingStored(cluster, await withChildren(cluster, workflowId)),
  ]);
  expect(encodedIn(stored, ['nightly', 'recurringImport'])).toEqual(['nightly', 'recurringImport']);
  expect(encodedIn(stored, [...names, 's3://bucket/in'])).toEqual([]);
  expect(await schedules.describe('nightly')).toMatchObject({
    recurringImport: { input: { inputS3Uri: 's3://bucket/in/ACC-4711007/' } },
  });
});

test('the Temporal CLI shows a result through the codec server, and without it none', async () => {
  const [codec] = cluster.flows.temporal.options.dataConverter?.payloadCodecs ?? [];
  if (!codec) throw new Error('the client has no codec');
  const access = readAccess({}, '127.0.0.1');
  const server = createCodecServer({
    codec,
    namespace: 'default',
    access,
    uiOrigin: 'http://ui',
    log: () => {},
  });
  const endpoint = await listen(server);
  const [found] = CASES;
  if (!found) throw new Error('there is no case');
  const { flow, input, replies } = found;
  aws.script(replies);
  const run = await cluster.flows.start(flow, untyped(input));
  await run.result();
  const temporal = async (...more: string[]) => {
    const args = [
      'workflow',
      'result',
      '--workflow-id',
      run.workflowId,
      '--address',
      cluster.address,
      ...more,
    ];
    const { stdout } = await promisify(execFile)(required('AHW_TEST_TEMPORAL'), args);
    return encodedIn(Buffer.from(stdout), PLANTED);
  };
  expect(await temporal()).toEqual([]);
  expect(await temporal('--codec-endpoint', endpoint)).toEqual(PLANTED);
  server.close();
});

test('the package exports the failure converter, for teams that bundle their workflows themselves', async () => {
  const script = `import { failureConverter } from 'aws-health-workflows/failure-converter';
    console.log(failureConverter.options.encodeCommonAttributes)`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout).toBe('true\n');
});
