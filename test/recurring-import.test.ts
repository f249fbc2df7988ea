/**
 * What a firing passes on to the next one, by how its import ended: the files that are still to be imported, and no patient
 * data. The service is scripted, because the local AWS does not produce all these errors.
 */
import { WorkflowFailedError } from '@temporalio/client';
import { withCluster, type Cluster } from './support/cluster.ts';
import { readable, textOfHistory } from './support/history-text.ts';
import { datastoreId, onboardInput, sourceImageSetId as imageSetId } from './support/inputs.ts';
import { dicomJobReply, dicomOutput, outputOf } from './support/replies.ts';
import { fireOnce, latestRun } from './support/schedules.ts';
import { startScriptedAws, type ScriptedAws } from './support/scripted-aws.ts';

let aws: ScriptedAws;
let cluster: Cluster;

withCluster(startScriptedAws, (...platform) => ([aws, cluster] = platform));

const { datastoreName: _, ...importInput } = onboardInput;
const input = { ...importInput, datastoreId };
const DOE = 'DOE^JANE';

/** The S3 objects with which the import of a firing ends: the manifest and the failures, if any. */
function script(output: Record<string, string>): void {
  const summary = { imageSetId, version: 1, DICOMTags: { DICOMPatientName: DOE, DICOMPatientId: 'P-4711' } };
  aws.script(
    {
      StartDICOMImportJob: [{ datastoreId, jobId: 'j1', jobStatus: 'SUBMITTED' }],
      GetDICOMImportJob: [dicomJobReply('COMPLETED')],
      SearchImageSets: [{ imageSetsMetadataSummaries: [summary] }],
    },
    { 's3://bucket/in/1.dcm': 'x', 's3://bucket/in/2.dcm': 'x', ...output },
  );
}

/** A manifest with these counters, and a failed file whose name contains a patient's name. */
const manifestOf = (imported: number, customer: number, server: number) => ({
  [`${outputOf('j1')}/job-output-manifest.json`]: JSON.stringify({
    jobSummary: {
      numberOfScannedFiles: imported + customer + server,
      numberOfImportedFiles: imported,
      numberOfFilesWithCustomerError: customer,
      numberOfFilesWithServerError: server,
    },
  }),
  [`${outputOf('j1')}/FAILURE/failure.ndjson`]: JSON.stringify({
    inputFile: `in/${DOE}.dcm`,
    exception: { exceptionType: 'ValidationException', message: `${DOE} is not valid` },
  }),
});

let made = 0;

async function schedule(more: { onlyNew?: boolean; input?: object } = {}): Promise<string> {
  const id = `recurring-${++made}`;
  await cluster.flows.schedules.ensure(id, {
    flow: 'importDicomAndSearch',
    cron: '0 0 1 1 *',
    ...more,
    input: { ...input, ...more.input },
  });
  return id;
}

const fire = (id: string) => fireOnce(cluster.flows, id);

describe('onlyNew', () => {
  // AWS reports an invalid file as a customer error, and a file that AWS itself failed to import as a server error.
  test.each([
    ['all files were imported', manifestOf(2, 0, 0)],
    ['the rest failed because of the data', manifestOf(1, 1, 0)],
  ])('the next firing finds nothing new if %s', async (_, output) => {
    script(output);
    const id = await schedule({ onlyNew: true });
    expect(await fire(id)).toMatchObject({ status: 'imported', watermark: { objects: 2 } });
    expect(await fire(id)).toMatchObject({ status: 'skipped', reason: 'nothing is new' });
  });

  test.each([
    ['18 of 20 files failed because of the service', manifestOf(2, 0, 18)],
    ['one failed because of the service, and one because of the data', manifestOf(1, 1, 1)],
    [
      'no counter includes the missing files',
      { ...dicomOutput('j1', { scanned: 20, imported: 2 }), ...lost(20, 2) },
    ],
    ['the manifest is missing', {}],
    ['the manifest is unreadable', { [`${outputOf('j1')}/job-output-manifest.json`]: 'no JSON' }],
  ])('the next firing imports again if %s', async (_, output) => {
    script(output);
    const id = await schedule({ onlyNew: true });
    expect(await fire(id)).not.toHaveProperty('watermark');
    script(manifestOf(2, 0, 0));
    expect(await fire(id)).toMatchObject({ status: 'imported', watermark: { objects: 2 } });
  });

  test('what earlier firings have dealt with is not imported again if a later one fails to import the rest', async () => {
    script(manifestOf(2, 0, 0));
    const id = await schedule({ onlyNew: true });
    const { watermark } = await fire(id);
    const output = manifestOf(2, 0, 1);
    script({ ...output, 's3://bucket/in/3.dcm': 'x' });
    expect(await fire(id)).toMatchObject({ status: 'imported', objects: 3, watermark });
    script(output);
    expect(await fire(id)).toMatchObject({ status: 'skipped', objects: 2, watermark });
  });

  test('passes nothing on to the next firing if it is not set', async () => {
    script(manifestOf(2, 0, 0));
    const id = await schedule();
    expect(await fire(id)).not.toHaveProperty('watermark');
    expect(await fire(id)).toMatchObject({ status: 'imported' });
  });
});

describe('patients', () => {
  /** All data that the latest firing has of the earlier ones: Temporal passes on their last result and failure. */
  async function handedOn(id: string): Promise<string> {
    const history = await (await latestRun(cluster.flows, id)).fetchHistory();
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    const { lastCompletionResult, continuedFailure } = started ?? {};
    return readable([lastCompletionResult, continuedFailure]);
  }

  const everything = { summaries: 'full', listFailedFiles: 5 } as const;

  test('are in the result of the import if the input asks for them, and not in what the next firing receives', async () => {
    script(manifestOf(1, 1, 0));
    const id = await schedule({ input: everything });
    const result = await fire(id);
    expect(result.import?.result).toEqual({
      jobId: 'j1',
      jobStatus: 'COMPLETED',
      outcome: 'partial',
      counts: { scanned: 2, imported: 1, customerErrors: 1, serverErrors: 0 },
      manifest: expect.objectContaining({ state: 'read' }),
      imageSetCounts: { total: 0, nonPrimary: 0 },
      imageSets: [],
      failures: { uri: expect.stringContaining('FAILURE'), byReason: { ValidationException: 1 } },
      warnings: { uri: expect.stringContaining('WARNING'), byType: {} },
    });
    const whole = await cluster.flows.result<'importDicomAndSearch'>(result.import?.workflowId ?? '');
    expect(whole.imageSetsMetadataSummaries[0]?.DICOMTags?.DICOMPatientName).toBe(DOE);
    expect(whole.failures?.listed).toHaveLength(1);

    await fire(id);
    const before = await handedOn(id);
    expect(before).toContain('partial');
    expect(before).not.toContain('DOE');
  });

  test('are not in what the next firing receives of one that failed', async () => {
    script(manifestOf(1, 1, 0));
    const id = await schedule({ input: { ...everything, onFileErrors: 'fail' } });
    await expect(fire(id)).rejects.toBeInstanceOf(WorkflowFailedError);
    await expect(fire(id)).rejects.toBeInstanceOf(WorkflowFailedError);
    const before = await handedOn(id);
    expect(before).toContain('FilesFailed');
    expect(before).toContain('partial');
    expect(before).not.toContain('DOE');
  });

  test('are not listed unless the input asks for them, neither in the result of the import nor in its history', async () => {
    script(manifestOf(2, 0, 0));
    const id = await schedule();
    const { import: done } = await fire(id);
    const run = cluster.flows.temporal.workflow.getHandle(done?.workflowId ?? '');
    expect(await run.result()).toMatchObject({ imageSetsMetadataSummaries: [{ imageSetId, version: 1 }] });
    const history = await textOfHistory(cluster, run.workflowId);
    expect(history).toContain(imageSetId);
    expect(history).not.toContain('DOE');
    expect(history).not.toContain('P-4711');
  });
});

/** A manifest whose counters do not add up to the number of scanned files. */
function lost(scanned: number, imported: number) {
  const jobSummary = { numberOfScannedFiles: scanned, numberOfImportedFiles: imported };
  return { [`${outputOf('j1')}/job-output-manifest.json`]: JSON.stringify({ jobSummary }) };
}
