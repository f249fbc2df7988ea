/** Starting, resetting, saving and loading a local AWS: what is there afterwards, and what is not. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { paginateListDatastores } from '@aws-sdk/client-medical-imaging';
import { readFlags } from '../../local-aws/flags.ts';
import type { LocalAwsOptions } from '../../local-aws/options.ts';
import { startLocalAws, type LocalAws } from '../../local-aws/server.ts';
import { defaultSettings } from '../../local-aws/settings.ts';
import { clientsOf, instant, p10, putFiles, temporaryFolder, until, type Clients } from './harness.ts';
import { activeFhirDatastore, importReached, startFhirImport } from './fhir-harness.ts';
import { activeDatastore, imageSetsBySeries, importAll, readObject, startImport } from './imaging-harness.ts';

type Started = LocalAws & Clients;

let folder: string;
const started: Started[] = [];
beforeEach(async () => (folder = await temporaryFolder()));
afterEach(async () => {
  await Promise.all(started.splice(0).map(stop));
  await rm(folder, { recursive: true });
});

/** Starts a local AWS in which everything that takes time ends at once. It is stopped after the test. */
async function start(options: LocalAwsOptions): Promise<Started> {
  const aws = await startLocalAws({ ...options, settings: { ...instant, ...options.settings } });
  const both = { ...aws, ...clientsOf(aws.endpoint) };
  started.push(both);
  return both;
}

async function stop(aws: Started): Promise<void> {
  for (const client of [aws.imaging, aws.healthlake, aws.s3]) client.destroy();
  await aws.close();
}

const at = (name: string) => path.join(folder, name);

/** Creates an image set with a frame, FHIR resources, and objects with and without metadata. */
async function furnish(aws: Started) {
  const files = { '1.dcm': p10({ series: '1.1', instance: '1.1.1' }) };
  await putFiles(path.dirname(aws.s3Folder), 'dicom', files);
  await aws.s3.putObject({
    Bucket: 'mine',
    Key: 'described',
    Body: 'text',
    ContentType: 'text/x-kind',
    Metadata: { of: 'me' },
  });
  await aws.s3.putObject({ Bucket: 'mine', Key: 'odd//key', Body: 'odd' });
  const datastoreId = await activeDatastore(aws, { datastoreName: 'kept', tags: { a: '1' } });
  await importAll(aws, { datastoreId, inputS3Uri: 's3://dicom/' });
  const DatastoreId = await activeFhirDatastore(aws, { PreloadDataConfig: { PreloadDataType: 'SYNTHEA' } });
  return { datastoreId, DatastoreId };
}

/** What {@link furnish} has created, as clients read it, but without times. */
async function contents(aws: Started) {
  const { datastoreSummaries = [] } = await aws.imaging.listDatastores({});
  const { DatastorePropertiesList = [] } = await aws.healthlake.listFHIRDatastores({});
  const { Buckets = [] } = await aws.s3.listBuckets({});
  const imaging = await Promise.all(
    datastoreSummaries.map(async ({ datastoreId = '', datastoreName, datastoreArn: resourceArn }) => {
      const sets = await imageSetsBySeries(aws, datastoreId);
      const tags = (await aws.imaging.listTagsForResource({ resourceArn })).tags;
      const frames = await Promise.all(Object.values(sets).map((id) => frameHash(aws, datastoreId, id)));
      return { datastoreId, datastoreName, tags, sets, frames };
    }),
  );
  const fhir = await Promise.all(
    DatastorePropertiesList.map(async ({ DatastoreId }) => {
      const patients = await fetch(`${aws.endpoint}/datastore/${DatastoreId}/r4/Patient`);
      return { DatastoreId, found: ((await patients.json()) as { total: number }).total };
    }),
  );
  const objects = await Promise.all(Buckets.map(({ Name = '' }) => objectsOf(aws, Name)));
  return { imaging, fhir, objects: objects.flat() };
}

async function objectsOf(aws: Started, Bucket: string) {
  const { Contents = [] } = await aws.s3.listObjectsV2({ Bucket });
  return Promise.all(
    Contents.map(async ({ Key = '' }) => {
      const { ContentType, Metadata, ETag, Body } = await aws.s3.getObject({ Bucket, Key });
      return {
        key: `${Bucket}/${Key}`,
        ContentType,
        Metadata,
        ETag,
        text: await Body?.transformToString('latin1'),
      };
    }),
  );
}

async function frameHash({ imaging }: Clients, datastoreId: string, imageSetId: string) {
  const { imageSetMetadataBlob } = await imaging.getImageSetMetadata({ datastoreId, imageSetId });
  const bytes = await imageSetMetadataBlob?.transformToByteArray();
  const metadata: { Study: { Series: Record<string, { Instances: Record<string, Instance> }> } } = JSON.parse(
    gunzipSync(bytes ?? '').toString(),
  );
  const [series] = Object.values(metadata.Study.Series);
  const imageFrameId = Object.values(series?.Instances ?? {})[0]?.ImageFrames[0]?.ID;
  const frame = await imaging.getImageFrame({
    datastoreId,
    imageSetId,
    imageFrameInformation: { imageFrameId },
  });
  return createHash('md5')
    .update((await frame.imageFrameBlob?.transformToByteArray()) ?? '')
    .digest('hex');
}

interface Instance {
  readonly ImageFrames: readonly { readonly ID: string }[];
}

const nothing = { imaging: [], fhir: [], objects: [] };

/** Every file below a folder, with its content and the time of its last change. */
async function filesOf(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const described = files.map(async (file) => {
    const hash = createHash('md5')
      .update(await readFile(file))
      .digest('hex');
    return [path.relative(root, file), `${hash} ${(await stat(file)).mtimeMs}`] as const;
  });
  return Object.fromEntries(await Promise.all(described));
}

test('health says that it runs', async () => {
  const aws = await start({ memory: true });
  expect(await aws.control.health()).toEqual({ status: 'running' });
  expect((await fetch(`${aws.endpoint}/_local/health`)).status).toBe(200);
});

describe('a reset', () => {
  test.each(['data', 'memory'])('leaves nothing: %s', async (kind) => {
    const aws = await start(kind === 'data' ? { data: at('data') } : { memory: true });
    await furnish(aws);
    await aws.control.reset();
    expect(await contents(aws)).toEqual(nothing);
    expect(await aws.control.jobs()).toEqual({ dicomImport: 0, fhirImport: 0, fhirExport: 0 });
    expect(await aws.control.calls({ operation: 'CreateDatastore' })).toEqual([]);
    expect(await readdir(aws.s3Folder)).toEqual([]);
    // What is created after the reset is stored as usual.
    await furnish(aws);
    expect((await contents(aws)).imaging).toMatchObject([{ datastoreName: 'kept' }]);
  });

  test('keeps the objects of S3, with what is known of them, and uploads under way, if it is asked to', async () => {
    const aws = await start({ data: at('data') });
    await furnish(aws);
    const { UploadId } = await aws.s3.createMultipartUpload({ Bucket: 'mine', Key: 'big' });
    const upload = { Bucket: 'mine', Key: 'big', UploadId };
    const { ETag } = await aws.s3.uploadPart({ ...upload, PartNumber: 1, Body: 'part' });
    const { objects } = await contents(aws);
    expect(objects).toContainEqual(expect.objectContaining({ ContentType: 'text/x-kind' }));
    expect(objects).toContainEqual(expect.objectContaining({ key: 'mine/odd//key' }));
    await aws.control.reset({ keepS3: true });
    expect(await contents(aws)).toEqual({ ...nothing, objects });
    await aws.s3.completeMultipartUpload({
      ...upload,
      MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
    });
    expect(await readObject(aws, 's3://mine/big')).toBe('part');
  });

  test('keeps the settings of the start, and no others; faults are over', async () => {
    const aws = await start({ memory: true, settings: { copyMs: 7 } });
    await aws.control.settings({ copyMs: 8, updateMs: 9 });
    await aws.control.failNext({ operation: 'ListDatastores', error: 'ThrottlingException' });
    await aws.control.reset();
    expect(await aws.control.settings()).toMatchObject({ copyMs: 7, updateMs: instant.updateMs });
    await expect(aws.imaging.listDatastores({})).resolves.toBeDefined();
  });

  test('lets nothing of before go on: neither jobs, nor calls that are held, nor those who wait for one', async () => {
    const aws = await start({ memory: true, settings: { dicomImportMs: 50 } });
    const { datastoreId } = await furnish(aws);
    const { jobId } = await startImport(aws, { datastoreId, inputS3Uri: 's3://dicom/' });
    await aws.control.hold({ operation: 'CreateDatastore' });
    const held = aws.imaging.createDatastore({ clientToken: 'token' }).catch(() => 'broken');
    const waiting = aws.control.waitForCall({ operation: 'CopyImageSet' });
    await aws.control.waitForCall({ operation: 'CreateDatastore', outcome: 'held' });
    await Promise.all([
      aws.control.reset(),
      expect(waiting).rejects.toThrow('The local AWS was reset or closed in the meantime'),
      held,
    ]);
    expect(await contents(aws)).toEqual(nothing);
    const again = await activeDatastore(aws, { clientToken: 'token' });
    await expect(aws.imaging.getDICOMImportJob({ datastoreId: again, jobId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('does not wait for a client that has stopped sending, and breaks its connection', async () => {
    const aws = await start({ memory: true });
    const stuck = connect(aws.port, '127.0.0.1');
    const broken = new Promise((resolve) => stuck.on('close', resolve));
    stuck.write('PUT /mine/k HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    await aws.control.waitForCall({ operation: 'PutObject' });
    await aws.control.reset();
    await broken;
    expect(await contents(aws)).toEqual(nothing);
  });

  test.each([
    [{ keepS3: 'yes' }, /keepS3 must be true or false/],
    [{ keeps3: true }, /reset knows keepS3, not "keeps3"/],
  ])('with %j is refused, and nothing is lost', async (body, said) => {
    const aws = await start({ memory: true });
    await activeDatastore(aws);
    const response = await fetch(`${aws.endpoint}/_local/reset`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect([response.status, await response.json()]).toEqual([400, { message: expect.stringMatching(said) }]);
    expect((await aws.imaging.listDatastores({})).datastoreSummaries).toHaveLength(1);
  });
});

describe('a saved folder', () => {
  test.each([
    ['data', 'memory'],
    ['memory', 'data'],
  ])('of a local AWS in %s gives the same in %s, after a reset too, and stays as it is', async (from, to) => {
    const home = (kind: string, name: string) => (kind === 'data' ? { data: at(name) } : { memory: true });
    const first = await start(home(from, 'first'));
    await furnish(first);
    await first.control.save({ folder: at('saved') });
    const saved = await contents(first);
    const files = await filesOf(at('saved'));

    const second = await start({ ...home(to, 'second'), load: at('saved') });
    expect(await contents(second)).toEqual(saved);
    await second.s3.putObject({ Bucket: 'mine', Key: 'described', Body: 'other' });
    await activeDatastore(second);
    await second.control.reset();
    expect(await contents(second)).toEqual(saved);
    await second.s3.putObject({ Bucket: 'mine', Key: 'new', Body: 'x' });
    await second.control.reset({ keepS3: true });
    expect((await contents(second)).objects.map(({ key }) => key)).toContain('mine/new');
    expect(await filesOf(at('saved'))).toEqual(files);
  });

  test('may be copied by what keeps neither inodes nor times, such as git, and still has its metadata', async () => {
    const first = await start({ memory: true });
    await furnish(first);
    await first.control.save({ folder: at('saved') });
    await cp(at('saved'), at('checkout'), { recursive: true });
    const described = at('checkout/s3/mine/described');
    await utimes(described, 1, 1);
    const second = await start({ memory: true, load: at('checkout') });
    expect(await contents(second)).toEqual(await contents(first));
  });

  test('has no metadata for an object that was replaced by hand before it was saved', async () => {
    const aws = await start({ memory: true });
    await aws.s3.putObject({ Bucket: 'mine', Key: 'k', Body: 'text', ContentType: 'text/x-kind' });
    await writeFile(path.join(aws.s3Folder, 'mine/k'), 'TEXT');
    await aws.control.save({ folder: at('saved') });
    const loaded = await start({ memory: true, load: at('saved') });
    expect(await contents(loaded)).toEqual(await contents(aws));
    expect((await contents(loaded)).objects).toMatchObject([
      { text: 'TEXT', ContentType: expect.not.stringContaining('kind') },
    ]);
  });

  test('shows one moment, while others go on writing', async () => {
    const aws = await start({ memory: true });
    // Copying these objects takes so long that the writers could go several steps further meanwhile.
    const many = Array.from({ length: 400 }, (_, i) => [`${i}`, 'x']);
    await putFiles(path.dirname(aws.s3Folder), 'many', Object.fromEntries(many));
    const end = new AbortController();
    const Bucket = 'steps';
    // An object is deleted only after the next data store has been created. At each moment there is therefore an object for the
    // newest data store, and a consistent copy contains both.
    const writer = async (name: string) => {
      for (let i = 1; !end.signal.aborted; i++) {
        await aws.s3.putObject({ Bucket, Key: `${name}-${i}`, Body: 'x' });
        await aws.imaging.createDatastore({ datastoreName: `${name}-${i}` });
        await aws.s3.deleteObject({ Bucket, Key: `${name}-${i - 1}` });
      }
    };
    const writers = ['a', 'b', 'c'];
    const writing = Promise.all(writers.map(writer));
    await aws.control.waitForCall({ operation: 'DeleteObject', count: 3 });
    for (const name of ['1', '2', '3']) await aws.control.save({ folder: at(name) });
    end.abort();
    await writing;
    for (const name of ['1', '2', '3']) {
      const loaded = await start({ memory: true, load: at(name) });
      const keys = await readdir(path.join(loaded.s3Folder, Bucket));
      const names = await allDatastoreNames(loaded);
      for (const writer of writers) {
        const newest = names.filter((step) => step.startsWith(writer)).length;
        expect(newest).toBeGreaterThan(0);
        expect(keys).toContain(`${writer}-${newest}`);
      }
    }
  });

  test('goes on with the jobs that were under way', async () => {
    const aws = await start({ memory: true, settings: { fhirImportMs: 'never' } });
    const DatastoreId = await activeFhirDatastore(aws);
    const line = JSON.stringify({ resourceType: 'Patient', id: 'p' });
    await putFiles(path.dirname(aws.s3Folder), 'input', { 'a.ndjson': line });
    const JobId = await startFhirImport(aws, { DatastoreId, S3Uri: 's3://input/' });
    await importReached(aws, { DatastoreId, JobId }, 'IN_PROGRESS');
    await aws.control.save({ folder: at('saved') });
    const loaded = await start({ memory: true, load: at('saved') });
    await loaded.control.settleAll();
    await importReached(loaded, { DatastoreId, JobId }, 'COMPLETED');
    expect((await fetch(`${loaded.endpoint}/datastore/${DatastoreId}/r4/Patient/p`)).status).toBe(200);
  });

  test('is refused where something is, or nothing can be', async () => {
    const aws = await start({ memory: true });
    await mkdir(at('full'));
    await writeFile(at('full/file'), '');
    await mkdir(at('empty'));
    await expect(aws.control.save({ folder: at('full') })).rejects.toThrow(/is there already/);
    await expect(aws.control.save({ folder: at('full/file') })).rejects.toThrow(/is there already/);
    await expect(aws.control.save({ folder: at('full/file/x') })).rejects.toThrow(/could not be saved/);
    await aws.control.save({ folder: at('empty') });
    for (const body of [{}, { folder: 'relative' }, { folder: 7 }]) {
      const response = await fetch(`${aws.endpoint}/_local/save`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(400);
    }
    expect((await readdir(folder)).toSorted()).toEqual(['empty', 'full']);
  });

  test('cannot be loaded where something is; nor can what is none', async () => {
    const aws = await start({ memory: true });
    await aws.control.save({ folder: at('saved') });
    await mkdir(at('used'));
    await writeFile(at('used/file'), '');
    await expect(start({ data: at('used'), load: at('saved') })).rejects.toThrow(/is not empty/);
    await expect(start({ memory: true, load: at('used') })).rejects.toThrow(/There is no saved state in/);
    await expect(start({ memory: true, load: at('nowhere') })).rejects.toThrow(/There is no saved state in/);
    await writeFile(at('saved/state/CURRENT'), 'nonsense');
    await expect(start({ memory: true, load: at('saved') })).rejects.toThrow(/cannot be loaded/);
  });

  test('that was loaded only in part is not taken for the whole', async () => {
    await mkdir(at('half'));
    await writeFile(at('half/being-loaded'), '');
    await expect(start({ data: at('half') })).rejects.toThrow(/holds only a part of what --load/);
  });
});

async function allDatastoreNames({ imaging }: Clients): Promise<string[]> {
  const names: string[] = [];
  for await (const { datastoreSummaries = [] } of paginateListDatastores({ client: imaging }, {})) {
    names.push(...datastoreSummaries.map(({ datastoreName = '' }) => datastoreName));
  }
  return names;
}

describe('options', () => {
  test('memory: nothing is on disk but the files of S3, and those are gone at the end', async () => {
    const aws = await start({ memory: true });
    await furnish(aws);
    const root = path.dirname(aws.s3Folder);
    expect((await readdir(root)).every((name) => name.startsWith('s3'))).toBe(true);
    expect(Object.keys(await filesOf(root))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^s3\/dicom\/1\.dcm$/)]),
    );
    await stop(aws);
    started.pop();
    expect(existsSync(root)).toBe(false);
  });

  test('seed: the same calls give the same ids, whatever other kinds of calls come between', async () => {
    const ids = async (aws: Started, between: () => Promise<unknown>) => {
      const { datastoreId = '' } = await aws.imaging.createDatastore({});
      await between();
      const DatastoreId = await activeFhirDatastore(aws);
      await until(
        () => aws.imaging.getDatastore({ datastoreId }),
        ({ datastoreProperties }) => datastoreProperties?.datastoreStatus === 'ACTIVE',
      );
      await putFiles(path.dirname(aws.s3Folder), 'dicom', {
        '1.dcm': p10({ series: '1.1', instance: '1.1.1' }),
      });
      const { jobId } = await importAll(aws, { datastoreId, inputS3Uri: 's3://dicom/' });
      const { '1.1': sourceImageSetId } = await imageSetsBySeries(aws, datastoreId);
      const copyImageSetInformation = { sourceImageSet: { latestVersionId: '1' } };
      const copy = { datastoreId, sourceImageSetId, copyImageSetInformation };
      const { destinationImageSetProperties } = await aws.imaging.copyImageSet(copy);
      const JobId = await startFhirImport(aws, { DatastoreId });
      return [
        datastoreId,
        DatastoreId,
        jobId,
        sourceImageSetId,
        destinationImageSetProperties?.imageSetId,
        JobId,
      ];
    };
    const one = await start({ data: at('one'), seed: 7 });
    const first = await ids(one, () => Promise.resolve());
    expect(new Set(first).size).toBe(first.length);
    for (const id of first) expect(id).toMatch(/^[0-9a-f]{32}$/);
    const other = await start({ memory: true, seed: 7 });
    expect(await ids(other, () => other.healthlake.listFHIRDatastores({}))).toEqual(first);
    await other.control.reset();
    expect(await ids(other, () => Promise.resolve())).toEqual(first);
    const stranger = await start({ memory: true, seed: 8 });
    expect((await ids(stranger, () => Promise.resolve())).filter((id) => first.includes(id))).toEqual([]);

    // A restart continues the counts of ids. Otherwise it would give the same id twice.
    await stop(one);
    started.shift();
    const restarted = await start({ data: at('one'), seed: 7 });
    expect(first).not.toContain((await restarted.imaging.createDatastore({})).datastoreId);
  });

  test('fast: what takes time takes 10 ms, what is remembered stays remembered, and settings override it', async () => {
    const aws = await startLocalAws({ memory: true, fast: true, settings: { copyMs: 77 } });
    try {
      const settings = await aws.control.settings();
      const durations = Object.entries(settings).filter(([name]) => name.endsWith('Ms'));
      const { deletedVisibleMs, tokenLifetimeMs } = defaultSettings;
      expect(Object.fromEntries(durations)).toEqual({
        ...Object.fromEntries(durations.map(([name]) => [name, 10])),
        copyMs: 77,
        metadataInconsistentMs: 0,
        manifestLagMs: 0,
        deletedVisibleMs,
        tokenLifetimeMs,
      });
    } finally {
      await aws.close();
    }
  });

  test.each<[LocalAwsOptions, RegExp]>([
    [{}, /--data is missing/],
    [{ data: 'x', memory: true }, /--memory .* does not go with --data/],
    [{ memory: true, seed: 1.5 }, /--seed must be a whole number/],
    [{ memory: true, seed: -1 }, /--seed/],
    [{ memory: true, load: '' }, /--load must be/],
  ])('%j is refused', async (options, said) => {
    await expect(startLocalAws(options)).rejects.toThrow(said);
  });

  test.each(['', ' ', 'x', '-1', '1.5', '1e3', '0x1', '٣', '9'.repeat(16), '9'.repeat(400)])(
    '--seed=%s is refused',
    (seed) =>
      expect(() => readFlags(['--memory', `--seed=${seed}`])).toThrow(/--seed must be a whole number/),
  );

  test.each(['memory', 'fast', 'json', 'help', 'data=x', 'load=x', 'seed=1', 'port=1', 'host=x'])(
    '--%s is refused if it is given twice, and with a stray word',
    (flag) => {
      expect(() => readFlags([`--${flag}`, `--${flag}`])).toThrow(/ is given more than once/);
      expect(() => readFlags([`--${flag}`, 'stray'])).toThrow(/local-aws --port 4566 --data DIR/);
    },
  );

  test('the endpoint of a server at all addresses is one that clients can reach', async () => {
    const aws = await startLocalAws({ memory: true, host: '0.0.0.0' });
    expect(aws.endpoint).toBe(`http://127.0.0.1:${aws.port}`);
    expect(await aws.control.health()).toEqual({ status: 'running' });
    await aws.close();
  });
});
