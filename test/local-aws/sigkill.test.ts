import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { p10, putFiles, temporaryFolder, until } from './harness.ts';
import {
  activeFhirDatastore,
  exportReached,
  importReached,
  startFhirExport,
  startFhirImport,
} from './fhir-harness.ts';
import { activeDatastore, imageSetsBySeries, readObject, startImport } from './imaging-harness.ts';
import { Program } from './program.ts';

describe('the program', () => {
  let data: string;
  const started: Program[] = [];
  const start = (...args: string[]) => {
    const program = new Program(args);
    started.push(program);
    return program;
  };
  beforeEach(async () => (data = await temporaryFolder()));
  afterEach(async () => {
    await Promise.all(started.splice(0).map((program) => program.end('SIGKILL')));
    await rm(data, { recursive: true });
  });

  test('goes on after SIGKILL where it was: jobs, image sets, tokens and the log of calls', async () => {
    const quick = ['--data', data, '--set', 'datastoreCreateMs=0', '--set', 'dicomImportSubmittedMs=0'];
    const killed = start(...quick, '--set', 'dicomImportMs=200', '--set', 'copyMs=200');
    const before = await killed.clients();
    const datastoreId = await activeDatastore(before);
    await putFiles(data, 'input', {
      '1.dcm': p10({ series: '1.1', instance: '1.1.1' }),
      '2.dcm': p10({ series: '1.2', instance: '1.2.1' }),
    });
    const input = { datastoreId, inputS3Uri: 's3://input/', clientToken: 'start-1' };
    const { jobId } = await startImport(before, input);
    await killed.end('SIGKILL');

    const restarted = start(...quick, '--set', 'copyMs=200');
    const after = await restarted.clients();
    expect(await startImport(after, input)).toMatchObject({ jobId });
    await until(
      () => after.imaging.getDICOMImportJob({ datastoreId, jobId }),
      ({ jobProperties }) => jobProperties?.jobStatus === 'COMPLETED',
    );
    expect(await after.control.jobs()).toMatchObject({ dicomImport: 1 });
    const starts = await after.control.calls({ operation: 'StartDICOMImportJob' });
    expect(starts).toMatchObject([{ ids: { jobId } }, { ids: { jobId } }]);

    const bySeries = await imageSetsBySeries(after, datastoreId);
    expect(Object.keys(bySeries)).toHaveLength(2);
    const [sourceImageSetId = '', imageSetId = ''] = Object.values(bySeries);
    await after.imaging.copyImageSet({
      datastoreId,
      sourceImageSetId,
      copyImageSetInformation: {
        sourceImageSet: { latestVersionId: '1' },
        destinationImageSet: { imageSetId, latestVersionId: '1' },
      },
      force: true,
    });
    await after.imaging.getImageSet({ datastoreId, imageSetId });
    const seen = await after.control.calls({ operation: 'GetImageSet' });
    await restarted.end('SIGKILL');
    const last = await start(...quick).clients();
    expect(await imageSetsBySeries(last, datastoreId)).toEqual(bySeries);
    expect(await last.control.calls({ operation: 'GetImageSet' })).toEqual(seen);
    const copied = await until(
      () => last.imaging.getImageSet({ datastoreId, imageSetId }),
      ({ imageSetState }) => imageSetState === 'ACTIVE',
    );
    expect(copied).toMatchObject({ versionId: '2', imageSetWorkflowStatus: 'COPIED' });
  });

  test('keeps through SIGKILL what FHIR imports brought, and goes on exporting it', async () => {
    const quick = [
      'fhirDatastoreCreateMs=0',
      'fhirImportSubmittedMs=0',
      'fhirImportMs=0',
      'fhirExportSubmittedMs=0',
      'fhirDatastoreDeleteMs=0',
    ].flatMap((setting) => ['--set', setting]);
    const killed = start('--data', data, ...quick, '--set', 'fhirExportMs=200');
    const before = await killed.clients();
    const DatastoreId = await activeFhirDatastore(before, { Tags: [{ Key: 'a', Value: '1' }] });
    const patient = '{"resourceType":"Patient","id":"p1"}';
    await putFiles(data, 'input', { 'good/a.ndjson': patient });
    const JobId = await startFhirImport(before, { DatastoreId });
    await importReached(before, { DatastoreId, JobId }, 'COMPLETED');
    const first = await startFhirExport(before, { DatastoreId, ClientToken: 'export-1' });
    await killed.end('SIGKILL');

    const restarted = start('--data', data, ...quick, '--set', 'fhirExportMs=0');
    const after = await restarted.clients();
    expect(await startFhirExport(after, { DatastoreId, ClientToken: 'export-1' })).toBe(first);
    expect(await after.control.jobs()).toMatchObject({ fhirImport: 1, fhirExport: 1 });
    const exported = await exportReached(after, { DatastoreId, JobId: first }, 'COMPLETED');
    const folder = exported?.OutputDataConfig?.S3Configuration?.S3Uri;
    expect(await readObject(after, `${folder}Patient/Patient-1-1-1.ndjson`)).toBe(`${patient}\n`);
    const { DatastoreArn: ResourceARN } = await after.healthlake.deleteFHIRDatastore({ DatastoreId });
    expect(await after.healthlake.listTagsForResource({ ResourceARN })).toMatchObject({
      Tags: [{ Key: 'a', Value: '1' }],
    });
    await restarted.end('SIGKILL');

    const last = await start('--data', data, ...quick, '--set', 'fhirExportMs=0').clients();
    await last.control.arrange({ kind: 'fhirDatastore', id: DatastoreId, patch: { status: 'ACTIVE' } });
    const second = await startFhirExport(last, { DatastoreId, S3Uri: 's3://empty/' });
    await exportReached(last, { DatastoreId, JobId: second }, 'COMPLETED');
    expect(existsSync(path.join(data, 's3/empty'))).toBe(false);
  });

  test('that is killed in the middle of a FHIR import has none of its resources, and later has all', async () => {
    const quick = [
      'fhirDatastoreCreateMs=0',
      'fhirImportSubmittedMs=0',
      'fhirExportSubmittedMs=0',
      'fhirExportMs=0',
    ];
    const flags = quick.flatMap((setting) => ['--set', setting]);
    const killed = start('--data', data, ...flags, '--set', 'fhirImportMs=never');
    const before = await killed.clients();
    const DatastoreId = await activeFhirDatastore(before);
    const ids = Array.from({ length: 2000 }, (_, i) => `p${i}`);
    const name = [{ family: 'Nachtigall' }];
    const lines = ids.map((id) => JSON.stringify({ resourceType: 'Patient', id, name }));
    const wrong = JSON.stringify({ resourceType: 'Patient', id: 'wrong', name, gender: 'Nachtigall' });
    await putFiles(data, 'input', { 'good/a.ndjson': [...lines, wrong, 'Nachtigall'].join('\n') });
    const JobId = await startFhirImport(before, { DatastoreId });
    await importReached(before, { DatastoreId, JobId }, 'IN_PROGRESS');
    const half = await startFhirExport(before, { DatastoreId, S3Uri: 's3://half/' });
    await exportReached(before, { DatastoreId, JobId: half }, 'COMPLETED');
    expect(existsSync(path.join(data, 's3/half'))).toBe(false);
    await killed.end('SIGKILL');

    const restarted = start('--data', data, ...flags, '--set', 'fhirImportMs=0');
    const after = await restarted.clients();
    await after.control.settle({ kind: 'fhirImportJob', id: JobId });
    await importReached(after, { DatastoreId, JobId }, 'COMPLETED_WITH_ERRORS');
    const whole = await startFhirExport(after, { DatastoreId, S3Uri: 's3://whole/' });
    const exported = await exportReached(after, { DatastoreId, JobId: whole }, 'COMPLETED');
    const folder = exported?.OutputDataConfig?.S3Configuration?.S3Uri;
    const written = await readObject(after, `${folder}Patient/Patient-1-1-1.ndjson`);
    expect(new Set(written.trimEnd().split('\n'))).toEqual(new Set(lines));
    // The wrong value is in the failure file in S3 and nowhere else, because it may be patient data.
    const failures = await readObject(
      after,
      `s3://results/fhir/${DatastoreId}-FHIR_IMPORT-${JobId}/FAILURE/a.ndjson`,
    );
    expect(failures).toContain('Nachtigall');
    expect(JSON.stringify(await after.control.calls())).not.toContain('Nachtigall');
    await restarted.end('SIGTERM');
    expect(`${await killed.errors()}${await restarted.errors()}`).not.toContain('Nachtigall');
  });

  test('that is killed while it saves leaves nothing that can be loaded, or all of it', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
    await putFiles(data, 'mine', Object.fromEntries(keys.map((key) => [key, key])));
    const saved = path.join(data, 'saved');
    const outcomes = new Set<boolean>();
    for (const progress of [0, 100]) {
      await rm(saved, { recursive: true, force: true });
      const killed = start('--data', data);
      const { control } = await killed.clients();
      const saving = control.save({ folder: saved }).catch(() => {});
      // Until the copy is complete, it is in a draft folder beside `saved`. The process is killed when `progress` objects are in
      // the draft.
      await until(
        async () => copiedInto(data),
        (copied) => copied >= progress || existsSync(saved),
      );
      await killed.end('SIGKILL');
      await saving;
      const isThere = existsSync(saved);
      outcomes.add(isThere);
      const loading = start('--memory', '--load', saved);
      if (!isThere) expect(await loading.errors()).toMatch(/There is no saved state in/);
      else {
        const { Contents = [] } = await (await loading.clients()).s3.listObjectsV2({ Bucket: 'mine' });
        expect(Contents).toHaveLength(keys.length);
      }
      await loading.end('SIGTERM');
      for (const draft of await drafts(data)) await rm(path.join(data, draft), { recursive: true });
    }
    expect(outcomes).toContain(false);
  });

  const drafts = async (folder: string) =>
    (await readdir(folder)).filter((name) => name.startsWith('saved.'));

  const copiedInto = async (folder: string) => {
    const [draft] = await drafts(folder);
    if (draft === undefined) return -1;
    return (await readdir(path.join(folder, draft, 's3/mine')).catch(() => [])).length;
  };

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends in good order on %s', async (signal) => {
    const program = start('--data', data);
    await program.clients();
    expect(await program.end(signal)).toBe(0);
    expect(await program.errors()).toBe('');
  });

  test('explains a taken port and a taken folder in one line', async () => {
    const first = await start('--data', data).clients();
    const { port } = new URL(first.control.endpoint);
    const other = await temporaryFolder();
    const second = start('--port', port, '--data', other);
    expect(await second.errors()).toBe(
      'local-aws: the port is taken; choose another by --port (0 takes any free one)\n',
    );
    expect(await second.exited()).toBe(1);
    await rm(other, { recursive: true });
    const third = start('--data', data);
    expect(await third.errors()).toMatch(/^local-aws: the data folder is in use.*\n$/);
    expect(await third.exited()).toBe(1);
  });

  test.each([
    [
      'an unknown flag',
      ['--prot', '1', '--data', 'x'],
      /Unknown option '--prot': local-aws --port 4566 --data DIR/,
    ],
    ['no folder', [], /--data is missing/],
    ['a port that is none', ['--data', 'x', '--port', 'http'], /--port must be a number/],
    [
      'a setting that is none',
      ['--data', 'x', '--set', 'copyMS=1'],
      /there is no setting "copyMS"; there are .*copyMs/,
    ],
    [
      'a value that is none',
      ['--data', 'x', '--set', 'copyMs=soon'],
      /copyMs must be a number of milliseconds, or never/,
    ],
    ['a setting without value', ['--data', 'x', '--set', 'copyMs'], /--set must be name=value/],
  ])('explains %s in one line', async (_what, args, line) => {
    const program = start(...args);
    const errors = await program.errors();
    expect(errors).toMatch(line);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
    expect(await program.exited()).toBe(1);
  });
});
