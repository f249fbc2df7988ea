import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { writeSamples } from '../../../dev/samples/index.ts';
import { instanceFile } from '../../../dev/samples/studies.ts';
import { encodedFrames } from '../codecs/encoded-frames.ts';
import { decodedByOpenJpeg } from '../codecs/openjpeg.ts';
import { python } from '../../support/python.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from '../harness.ts';
import { activeDatastore, imageSetsBySeries, importAll } from '../imaging-harness.ts';
import { bytes, framesOf, syntaxes, words } from '../part10.ts';
import { compressed, encodings, pixels8, testFile, uidsOf, type TestFile } from './files.ts';

const HTJ2K = '1.2.840.10008.1.2.4.202';
const JPEG_2000_LOSSLESS = '1.2.840.10008.1.2.4.90';

let aws: LocalAwsUnderTest;
beforeAll(async () => (aws = await localAws()));
afterAll(() => aws.close());

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly body: Buffer;
  json(): Json[];
}
type Json = Record<string, { vr: string; Value?: unknown[]; InlineBinary?: string; BulkDataURI?: string }>;

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function get(url: string, accept?: string, call: Call = {}): Promise<Answer> {
  const whole = url.startsWith('http') ? url : `${aws.endpoint}${url}`;
  const reply = await fetch(whole, { ...call, headers: { ...(accept && { accept }), ...call.headers } });
  const body = Buffer.from(await reply.arrayBuffer());
  return {
    status: reply.status,
    type: reply.headers.get('content-type') ?? '',
    headers: reply.headers,
    body,
    json: () => JSON.parse(body.toString()),
  };
}

/** The parts of a multipart answer. */
function partsOf({ type, body }: Answer): { type: string; bytes: Buffer }[] {
  const [, boundary = ''] = /^multipart\/related;.*boundary=(\S+)/.exec(type) ?? [];
  const whole = body.toString('latin1').split(`\r\n--${boundary}`).slice(1, -1);
  return whole.map((part) => {
    const end = part.indexOf('\r\n\r\n');
    const [, partType = ''] = /Content-Type: (.*)/.exec(part.slice(0, end)) ?? [];
    return { type: partType, bytes: Buffer.from(part.slice(end + 4), 'latin1') };
  });
}

/** Imports files into a new data store. */
async function importedStore(files: readonly TestFile[]): Promise<string> {
  const datastoreId = await activeDatastore(aws);
  await importInto(datastoreId, files);
  return datastoreId;
}

async function importInto(datastoreId: string, files: readonly TestFile[]): Promise<void> {
  const prefix = `${datastoreId}/${Math.random()}`;
  await putFiles(
    aws.data,
    'web',
    Object.fromEntries(files.map(({ bytes }, i) => [`${prefix}/${i}.dcm`, bytes])),
  );
  await importAll(aws, { datastoreId, inputS3Uri: `s3://web/${prefix}/` });
}

const instancePath = (datastoreId: string, uid: string) => {
  const { study, series, instance } = uidsOf(uid);
  return `/datastore/${datastoreId}/studies/${study}/series/${series}/instances/${instance}`;
};

const valuesOf = (found: readonly Json[], tag: string) => found.map((each) => each[tag]?.Value?.[0]);

describe('a search', () => {
  let datastoreId: string;
  let root: string;
  const samples = () => writeSamples({ s3Folder: path.join(aws.data, 's3') });
  beforeAll(async () => {
    datastoreId = await activeDatastore(aws);
    await importAll(aws, { datastoreId, inputS3Uri: samples().dicomUri });
    root = `/datastore/${datastoreId}`;
  });

  const search = async (rest: string) => (await get(`${root}${rest}`)).json();

  test('for studies counts their series and instances, and shows the attributes of the standard', async () => {
    const [head] = samples().studies;
    const [study, ...others] = await search('/studies?PatientID=SYNTHETIC-0001');
    expect(others).toEqual([]);
    expect(study).toEqual({
      '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
      '00080020': { vr: 'DA', Value: ['20260115'] },
      '00080030': { vr: 'TM', Value: ['093000'] },
      '00080050': { vr: 'SH', Value: ['ACC20260115'] },
      '00080056': { vr: 'CS', Value: ['ONLINE'] },
      '00080061': { vr: 'CS', Value: ['CT'] },
      '00080090': { vr: 'PN' },
      '00081190': { vr: 'UR', Value: [`${aws.endpoint}${root}/studies/${head.uid}`] },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Synthetic^Anna' }] },
      '00100020': { vr: 'LO', Value: ['SYNTHETIC-0001'] },
      '00100030': { vr: 'DA', Value: ['19700101'] },
      '00100040': { vr: 'CS', Value: ['F'] },
      '0020000D': { vr: 'UI', Value: [head.uid] },
      '00200010': { vr: 'SH', Value: ['1'] },
      '00201206': { vr: 'IS', Value: [2] },
      '00201208': { vr: 'IS', Value: [9] },
    });
  });

  // The conditions of PS3.4 section C.2.2.2, and AWS's page dicomweb-search.
  test.each([
    ['PatientID=SYNTHETIC-000?', 2],
    ['00100020=SYNTHETIC-0002', 1],
    ['PatientID=SYNTHETIC', 0],
    ['PatientName=Syn*^A*', 1],
    ['PatientName=synthetic^anna', 0],
    ['PatientName=', 2],
    ['fuzzymatching=true&PatientName="ann^nobody"', 1],
    ['fuzzymatching=true&PatientName=nna', 0],
    ['StudyDate=20260115', 1],
    ['StudyDate=202601', 0],
    ['StudyDate=20260101-20260131', 1],
    ['StudyDate=20260201-', 1],
    ['StudyDate=-20260131&StudyTime=09-10', 1],
    ['StudyTime=10-', 0],
    ['StudyDescription=*without*', 1],
    ['StudyDescription=Head.without*', 0],
    ['ModalitiesInStudy=OT', 1],
    ['limit=1', 1],
    ['limit=1&offset=1', 1],
    ['offset=2', 0],
  ])('for studies by %s finds %i', async (query, count) => {
    expect(await search(`/studies?${query}`)).toHaveLength(count);
  });

  test('for UIDs takes a list', async () => {
    const [head, followUp] = samples().studies;
    expect(await search(`/studies?StudyInstanceUID=${head.uid},${followUp.uid}`)).toHaveLength(2);
  });

  test('for series and instances goes by their numbers, within a study and in the whole data store', async () => {
    const [head] = samples().studies;
    const series = await search(`/studies/${head.uid}/series`);
    expect(valuesOf(series, '00200011')).toEqual([1, 2]);
    expect(valuesOf(series, '00201209')).toEqual([5, 4]);
    expect(series[0]).not.toHaveProperty('00100010');
    expect(await search(`/studies/${head.uid}/series?Modality=MR`)).toEqual([]);
    const everywhere = await search('/series?PatientID=SYNTHETIC-0002&ModalitiesInStudy=OT');
    expect(valuesOf(everywhere, '0008103E')).toEqual(['Sagittal']);
    expect(everywhere[0]).toHaveProperty('00100010');
    const [axial] = head.series;
    const instances = await search(`/studies/${head.uid}/series/${axial?.uid}/instances`);
    expect(valuesOf(instances, '00200013')).toEqual([1, 2, 3, 4, 5]);
    expect(valuesOf(instances, '00280010')).toEqual([128, 128, 128, 128, 128]);
    expect(await search(`/studies/${head.uid}/instances`)).toHaveLength(9);
    expect(valuesOf(await search('/instances?Modality=OT'), '00200013')).toEqual([1, 2]);
  });

  test('shows what includefield asks for', async () => {
    const [head] = samples().studies;
    const [plain] = await search('/studies?limit=1&PatientID=SYNTHETIC-0001');
    expect(plain).not.toHaveProperty('00081030');
    for (const query of [
      'includefield=00081030,00080060',
      'includefield=StudyDescription&includefield=nothing',
    ]) {
      const [study] = await search(`/studies?PatientID=SYNTHETIC-0001&${query}`);
      expect(study).toMatchObject({ '00081030': { Value: ['Head without contrast'] } });
      // Modality is an attribute of series, so a study does not have it.
      expect(study).not.toHaveProperty('00080060');
    }
    const [all] = await search('/studies?includefield=all&PatientID=SYNTHETIC-0001');
    expect(Object.keys(all ?? {}).length).toBeGreaterThan(Object.keys(plain ?? {}).length);
    const [instance] = await search(`/studies/${head.uid}/instances?includefield=all`);
    expect(instance).toMatchObject({ '00281052': { vr: 'DS', Value: [-1024] }, '00100010': {} });
    const many = Array.from({ length: 51 }, () => 'includefield=00081030').join('&');
    expect(await get(`${root}/studies?${many}`)).toMatchObject({ status: 400 });
  });

  test('refuses what it does not know, and says what it does', async () => {
    const unknown = await get(`${root}/studies?PatientWeight=70`);
    expect([unknown.status, unknown.json()]).toEqual([
      400,
      { message: expect.stringMatching(/does not search for PatientWeight; it does for StudyDate, /) },
    ]);
    for (const query of ['limit=1001', 'limit=x', 'offset=1000001', 'Nonsense=1']) {
      expect(await get(`${root}/studies?${query}`)).toMatchObject({ status: 400 });
    }
    expect(await get(`${root}/studies`, 'multipart/related; type="application/dicom+xml"')).toMatchObject({
      status: 406,
    });
    await aws.control.settings({ dicomWebSearchKeys: 'any' });
    expect(await search('/instances?SliceThickness=2&Rows=64')).toHaveLength(2);
    await aws.control.settings({ dicomWebSearchKeys: 'listed' });
  });

  test('can be made by a page of another origin', async () => {
    const url = `${root}/studies`;
    const preflight = await get(url, undefined, {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:3000' },
    });
    expect(preflight.status).toBe(204);
    for (const { headers } of [preflight, await get(url), await get(`${url}?limit=x`)]) {
      expect(headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  test('is not answered by S3, whatever the path below the data store', async () => {
    const whole = await get(`${root}/studies/1.2.3/rendered`);
    expect([whole.status, whole.json()]).toEqual([
      404,
      { message: expect.stringContaining('SearchDICOMStudies') },
    ]);
    expect(await get('/datastore/0123456789abcdef0123456789abcdef/studies')).toMatchObject({ status: 404 });
    const stored = await get(`${root}/studies`, undefined, { method: 'POST', body: 'x' });
    expect([stored.status, stored.json()]).toEqual([
      501,
      { message: expect.stringMatching(/STOW-RS.*StartDICOMImportJob/) },
    ]);
  });

  test('and what it leads to is as docs/dicomweb.md shows it', async () => {
    const document = await readFile(path.join(import.meta.dirname, '../../../docs/dicomweb.md'), 'utf8');
    const [searches = '', retrievals = ''] = [
      ...document.matchAll(/^```sh\n((?:web|instance)=[^`]*)```$/gm),
    ].map(([, block]) => block);
    const web = searches.replace('http://127.0.0.1:4566', aws.endpoint).replace('…', datastoreId);
    const [
      {
        studies: [head],
      },
    ] = [samples()];
    const [axial] = head.series;
    const uids = { STUDY: head.uid, SERIES: axial?.uid, INSTANCE: axial?.instances[0]?.uid };
    const { stdout } = await promisify(execFile)('bash', ['-e', '-c', `${web}\n${retrievals}`], {
      cwd: aws.data,
      env: { PATH: process.env['PATH'], ...uids },
      maxBuffer: 1e8,
    });
    expect(stdout).toContain('Head without contrast');
    expect(await readFile(path.join(aws.data, 'frame.raw'))).toHaveLength(128 * 128 * 2);
    const file = await readFile(path.join(aws.data, 'instance.dcm'));
    expect(file.equals(instanceFile(head, axial!, axial!.instances[0]!))).toBe(true);
  });

  test('reads no patient into the log of calls', async () => {
    await get(`${root}/studies?PatientName=Synthetic*`);
    const calls = await aws.control.calls({ operation: 'SearchDICOMStudies' });
    expect(calls.length).toBeGreaterThan(0);
    expect(JSON.stringify(calls)).not.toMatch(/Synth|Patient/);
  });
});

describe('an instance', () => {
  const all = [...encodings, ...compressed];
  let datastoreId: string;
  beforeAll(async () => (datastoreId = await importedStore(all)));
  const retrieve = (uid: string, rest = '', accept?: string) =>
    get(`${instancePath(datastoreId, uid)}${rest}`, accept);

  test.each([
    ['Explicit VR Little Endian', '1.2.8.1', undefined],
    ['Explicit VR Little Endian with bytes behind its frames', '1.2.8.5', undefined],
    ['Explicit VR Little Endian without pixels', '1.2.8.4', undefined],
    ['Explicit VR Little Endian whose frames are not all there', '1.2.8.6', undefined],
    ['MPEG-4', '1.2.8.9', '*'],
    ['JPEG, whose frame is in two fragments', '1.2.8.10', '*'],
    ['JPEG, if nothing else is asked for', '1.2.8.10', undefined],
    ['pixels that no codec here reads', '1.2.8.11', '*'],
  ])('in %s comes byte for byte as it was imported', async (_, uid, syntax) => {
    const accept = syntax && `application/dicom; transfer-syntax=${syntax}`;
    const { status, type, body } = await retrieve(uid, '', accept);
    const imported = all.find((file) => file.uid === uid)?.bytes;
    expect(status).toBe(200);
    expect(type).toMatch(/^application\/dicom; transfer-syntax=1\.2\.840/);
    expect(body.equals(imported ?? Buffer.alloc(0))).toBe(true);
  });

  test('in another syntax is written in Explicit VR Little Endian, or in the stored one', async () => {
    const native = await retrieve('1.2.8.2');
    expect(native.type).toBe(`application/dicom; transfer-syntax=${syntaxes.explicit}`);
    expect((await framesOf(native.body)).frames).toEqual([pixels8(1)]);
    const swapped = await retrieve('1.2.8.7');
    expect((await framesOf(swapped.body)).frames).toEqual([bytes(8).swap16()]);
    const bits = await retrieve('1.2.8.8', '', `application/dicom; transfer-syntax=${syntaxes.explicit}`);
    expect((await framesOf(bits.body)).frames).toHaveLength(3);
    expect(bits.body.includes(bytes(4, 0x5b).subarray(0, 3))).toBe(true);
    for (const [i, { pixels, description }] of encodedFrames.entries()) {
      const decoded = await retrieve(`1.2.9.${i}`);
      expect((await framesOf(decoded.body)).frames).toEqual([pixels]);
      const stored = await retrieve(`1.2.9.${i}`, '', 'application/dicom; transfer-syntax=*');
      expect(stored.type).toBe(`application/dicom; transfer-syntax=${HTJ2K}`);
      const [frame = Buffer.alloc(0)] = (await framesOf(stored.body)).frames;
      expect((await decodedByOpenJpeg(frame)).pixels.equals(pixels)).toBe(true);
      expect(description.transferSyntaxUid).not.toBe(syntaxes.explicit);
    }
  });

  test('is kept without a second copy of its frames', async () => {
    const size = 4_000_000;
    const file = testFile('1.2.8.90', [
      ['00280010', 'US', words(2000)],
      ['00280011', 'US', words(2000)],
      ['7FE00010', 'OB', Buffer.alloc(size, 7)],
    ]);
    const before = await sizeOf(path.join(aws.data, 'frames'));
    await importInto(datastoreId, [file]);
    expect((await sizeOf(path.join(aws.data, 'frames'))) - before).toBeLessThan(size + 3000);
    const { body } = await retrieve('1.2.8.90');
    expect(body.equals(file.bytes)).toBe(true);
  });

  test('that cannot be had in a transfer syntax is refused with 406, and the message says what to ask for', async () => {
    const refused = await retrieve(
      '1.2.8.1',
      '',
      'application/dicom; transfer-syntax=1.2.840.10008.1.2.4.50',
    );
    expect([refused.status, refused.json()]).toEqual([
      406,
      { message: expect.stringMatching(/stored in .*4\.202\. Ask for transfer-syntax=\*/) },
    ]);
    expect(refused.headers.get('x-amzn-errortype')).toBe('NotAcceptableException');
    expect(
      await retrieve('1.2.8.9', '', `application/dicom; transfer-syntax=${syntaxes.explicit}`),
    ).toMatchObject({
      status: 406,
    });
    expect(await retrieve('1.2.8.1', '', 'image/png')).toMatchObject({ status: 406 });
    // The first of the two forms is not possible, but the second is.
    expect(await retrieve('1.2.8.1', '', 'image/png, application/dicom;q=0.5')).toMatchObject({
      status: 200,
    });
    expect(await retrieve('1.2.8.999')).toMatchObject({ status: 404 });
  });

  test('has its metadata as DICOM JSON, with the transfer syntax in which it is stored', async () => {
    const [json] = (await retrieve('1.2.8.1', '/metadata')).json();
    expect(json).toMatchObject({
      '00020010': { vr: 'UI', Value: [HTJ2K] },
      '00080070': { vr: 'LO' },
      '00080080': { vr: 'LO', Value: ['Klinik München'] },
      '00081140': {
        vr: 'SQ',
        Value: [{ '00081150': { Value: ['1.2.3'] } }, { '0040A160': { Value: ['two\\words'] } }],
      },
      '00091010': { vr: 'OB', InlineBinary: 'AQIDBA==' },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Müller^Jörg' }] },
      '00180050': { vr: 'DS', Value: [1.25] },
      '00181020': { vr: 'LO', Value: ['3.1', null, 'x'] },
      '00189087': { vr: 'FD', Value: [1.1] },
      '00200032': { vr: 'DS', Value: [-1.5, 0, 0.001] },
      '00280010': { vr: 'US', Value: [4] },
    });
    expect(Object.keys(json ?? {}).filter((tag) => tag.startsWith('7FE0'))).toEqual([]);
  });

  test('has large binary values elsewhere', async () => {
    await aws.control.settings({ dicomWebInlineBytes: 3 });
    const [json] = (await retrieve('1.2.8.1', '/metadata')).json();
    await aws.control.settings({ dicomWebInlineBytes: 1_000_000 });
    const { BulkDataURI = '' } = json?.['00091010'] ?? {};
    expect(BulkDataURI).toMatch(/\/instances\/1\.2\.8\.1\/bulkdata\/[0-9a-f]{32}$/);
    expect((await get(BulkDataURI, 'application/octet-stream')).body).toEqual(Buffer.from([1, 2, 3, 4]));
    const [part] = partsOf(await get(BulkDataURI, 'multipart/related; type="application/octet-stream"'));
    expect(part?.bytes).toEqual(Buffer.from([1, 2, 3, 4]));
    expect(await get(BulkDataURI.replace(/.{4}$/, '0000'))).toMatchObject({ status: 404 });
  });

  test('shows a private attribute to a search that names its creator', async () => {
    const file = testFile('1.2.8.91', [
      ['00190010', 'LO', 'Philips'],
      ['00191001', 'LO', 'secret'],
    ]);
    await importInto(datastoreId, [file]);
    const search = async (query: string) =>
      (await get(`/datastore/${datastoreId}/studies/1.2.8.91.1/instances?${query}`)).json();
    expect(await search('includefield=00191001&00190010=Philips')).toMatchObject([
      { '00191001': { Value: ['secret'] }, '00190010': { Value: ['Philips'] } },
    ]);
    for (const query of ['includefield=00191001', 'includefield=00191001&00190010=Other']) {
      expect((await search(query))[0]).not.toHaveProperty('00191001');
    }
  });

  test('shows parts of a sequence to a search', async () => {
    const path = `/datastore/${datastoreId}/studies/1.2.8.1.1/instances?includefield=00081140.00081150`;
    expect((await get(path)).json()).toMatchObject([
      { '00081140': { Value: [{ '00081150': { Value: ['1.2.3'] } }, {}] } },
    ]);
  });
});

describe('frames', () => {
  let datastoreId: string;
  const three = testFile('1.2.8.20', [
    ['00280008', 'IS', '3'],
    ['7FE00010', 'OB', pixels8(3)],
  ]);
  beforeAll(async () => (datastoreId = await importedStore([three, ...encodings.slice(8, 10)])));
  const frames = (list: string, accept?: string, uid = three.uid) =>
    get(`${instancePath(datastoreId, uid)}/frames/${list}`, accept);
  const frame = (number: number) => bytes(16, (number - 1) * 16);

  test('come in the order of the list, in one part each', async () => {
    const answer = await frames('3,1', 'multipart/related; type="application/octet-stream"');
    expect(answer.type).toMatch(/^multipart\/related; type="application\/octet-stream"; boundary=/);
    const type = `application/octet-stream; transfer-syntax=${syntaxes.explicit}`;
    expect(partsOf(answer)).toEqual([
      { type, bytes: frame(3) },
      { type, bytes: frame(1) },
    ]);
    expect(partsOf(await frames('1,2'))).toHaveLength(2);
  });

  test('come alone without multipart', async () => {
    const one = await frames('2', 'application/octet-stream');
    expect([one.type, one.body]).toEqual([
      `application/octet-stream; transfer-syntax=${syntaxes.explicit}`,
      frame(2),
    ]);
    expect(await frames('1,2', 'application/octet-stream')).toMatchObject({ status: 406 });
  });

  // The Accept headers that the OHIF viewer sends.
  test.each([
    'multipart/related; type=application/octet-stream; transfer-syntax=*',
    'multipart/related; type="image/jphc"',
  ])('come as HTJ2K for %s', async (accept) => {
    const answer = await frames('2', accept);
    expect(answer.type).toMatch(/^multipart\/related; type="image\/jphc"; boundary=/);
    const [part] = partsOf(answer);
    expect(part?.type).toBe(`image/jphc; transfer-syntax=${HTJ2K}`);
    expect((await decodedByOpenJpeg(part?.bytes ?? Buffer.alloc(0))).pixels.equals(frame(2))).toBe(true);
  });

  test('come as JPEG 2000 Lossless, and as the lossy syntax in which they are stored', async () => {
    const accept = `multipart/related; type="image/jp2"; transfer-syntax=${JPEG_2000_LOSSLESS}`;
    const [part] = partsOf(await frames('2', accept));
    expect((await decodedByOpenJpeg(part?.bytes ?? Buffer.alloc(0))).pixels.equals(frame(2))).toBe(true);
    const jpeg = await frames('1', undefined, '1.2.8.10');
    expect([jpeg.type, jpeg.body]).toEqual([`image/jpeg; transfer-syntax=${syntaxes.jpeg}`, bytes(28)]);
  });

  test('that are not there, or not numbers, are refused', async () => {
    expect(await frames('4')).toMatchObject({ status: 404 });
    for (const list of ['0', '1,1', 'x', '1,,2']) expect(await frames(list)).toMatchObject({ status: 400 });
    expect(await frames('1', 'multipart/related; type="image/jpeg"')).toMatchObject({ status: 406 });
    expect(await frames('1', 'image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50')).toMatchObject({
      status: 406,
    });
  });
});

describe('image sets', () => {
  test('that are not primary are shown only to who names them', async () => {
    const file = (accession: string) => testFile('1.2.8.30', [['00080050', 'SH', accession]]);
    const datastoreId = await importedStore([file('A1')]);
    await importInto(datastoreId, [file('A2')]);
    const { imageSetsMetadataSummaries: found = [] } = await aws.imaging.searchImageSets({ datastoreId });
    const other = found.find(({ isPrimary }) => isPrimary === false)?.imageSetId;
    const url = instancePath(datastoreId, '1.2.8.30');
    const accession = async (query: string) =>
      valuesOf((await get(`${url}/metadata${query}`)).json(), '00080050');
    expect(await accession('')).toEqual(['A1']);
    expect(await accession(`?imageSetId=${other}`)).toEqual(['A2']);
    expect((await get(`${url}?imageSetId=${other}`)).body.equals(file('A2').bytes)).toBe(true);
    expect(valuesOf((await get(`/datastore/${datastoreId}/studies`)).json(), '00080050')).toEqual(['A1']);
    expect(await get(`${url}?imageSetId=${'0'.repeat(32)}`)).toMatchObject({ status: 404 });
  });

  test('that have been updated show it in their files too, and the pixels stay', async () => {
    const file = testFile('1.2.8.40', [
      ['00100010', 'PN', 'Old^Name'],
      ['7FE00010', 'OB', pixels8(1)],
    ]);
    const datastoreId = await importedStore([file]);
    const { '1.2.8.40.2': imageSetId = '' } = await imageSetsBySeries(aws, datastoreId);
    const update = { SchemaVersion: 1.1, Patient: { DICOM: { PatientName: 'Nový^Jméno' } } };
    await aws.imaging.updateImageSetMetadata({
      datastoreId,
      imageSetId,
      latestVersionId: '1',
      updateImageSetMetadataUpdates: {
        DICOMUpdates: { updatableAttributes: Buffer.from(JSON.stringify(update)) },
      },
    });
    const { body } = await get(instancePath(datastoreId, '1.2.8.40'));
    expect(body.includes('Nový^Jméno')).toBe(true);
    expect(body.includes('Old^Name')).toBe(false);
    expect((await framesOf(body)).frames).toEqual([pixels8(1)]);
  });

  test('whose metadata are not consistent yet after an import are refused, and all others are not', async () => {
    const datastoreId = await importedStore([testFile('1.2.8.60', [])]);
    await aws.control.settings({ metadataInconsistentMs: 'never' });
    await importInto(datastoreId, [testFile('1.2.8.61', [])]);
    await aws.control.settings({ metadataInconsistentMs: 0 });
    const late = await get(`${instancePath(datastoreId, '1.2.8.61')}/metadata`);
    expect([late.status, late.json()]).toEqual([
      409,
      { message: expect.stringContaining('not consistent yet') },
    ]);
    expect(await get(`${instancePath(datastoreId, '1.2.8.60')}/metadata`)).toMatchObject({ status: 200 });
  });

  test('that are deleted are not shown', async () => {
    const datastoreId = await importedStore([testFile('1.2.8.50', [])]);
    const { '1.2.8.50.2': imageSetId = '' } = await imageSetsBySeries(aws, datastoreId);
    await aws.imaging.deleteImageSet({ datastoreId, imageSetId });
    expect((await get(`/datastore/${datastoreId}/studies`)).json()).toEqual([]);
    expect(await get(instancePath(datastoreId, '1.2.8.50'))).toMatchObject({ status: 404 });
  });
});

const interpreter = python();

/** A folder with further files to import and read back: `DICOMWEB_FILES=/some/folder`. */
const moreFiles = process.env['DICOMWEB_FILES'];

(interpreter ? describe : describe.skip)('a client in Python', () => {
  test('reads back all that was imported', async () => {
    const datastoreId = await activeDatastore(aws);
    const s3Folder = path.join(aws.data, 's3');
    const bucket = 'python';
    const { studies } = writeSamples({ s3Folder, bucket });
    const files = Object.fromEntries(
      [...encodings, ...compressed].map(({ uid, bytes }) => [`dicom/${uid}.dcm`, bytes]),
    );
    await putFiles(aws.data, bucket, files);
    if (moreFiles) await cp(moreFiles, path.join(s3Folder, bucket, 'dicom/more'), { recursive: true });
    await importAll(aws, { datastoreId, inputS3Uri: `s3://${bucket}/dicom/` });
    const { stdout } = await promisify(execFile)(
      interpreter ?? '',
      [
        path.join(import.meta.dirname, 'client.py'),
        `${aws.endpoint}/datastore/${datastoreId}`,
        path.join(s3Folder, bucket, 'dicom'),
      ],
      { maxBuffer: 1e9 },
    );
    const report: { instances: string[]; frames: number; differences: string[] } = JSON.parse(stdout);
    const made = [
      ...studies.flatMap(({ series }) => series.flatMap(({ instances }) => instances.map(({ uid }) => uid))),
      ...[...encodings, ...compressed].map(({ uid }) => uid),
    ];
    if (moreFiles) console.log(report);
    // Differences in further files are only printed: the files of one image set, for example, get the same series attributes.
    const isOurs = (difference: string) =>
      made.some((uid) => difference.split(' ').includes(uid)) || !moreFiles;
    expect(report.differences.filter(isOurs)).toEqual([]);
    expect(report.instances).toEqual(expect.arrayContaining(made));
    expect(report.frames).toBeGreaterThanOrEqual(made.length - 2);
  }, 120_000);
});

async function sizeOf(folder: string): Promise<number> {
  const { stdout } = await promisify(execFile)('du', ['-sb', folder]);
  return Number.parseInt(stdout, 10);
}
