import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { MetadataReader, type WantedOfMetadata } from '../../src/activities/image-set-metadata.ts';

const metadata = {
  SchemaVersion: '1.1',
  Patient: { DICOM: { PatientID: 'P1', PatientName: 'DOE^JANE', PatientBirthDate: null } },
  Study: {
    DICOM: { StudyInstanceUID: '1.2.3', StudyDate: '20260102' },
    Series: {
      '1.1': {
        DICOM: { Modality: 'CT', SeriesNumber: '1' },
        Instances: {
          '1.1.1': { DICOM: { InstanceNumber: '1' }, ImageFrames: [{ ID: 'a' }, { ID: 'b' }] },
          '1.1.2': { DICOM: { InstanceNumber: '2' }, ImageFrames: [{ ID: 'c' }] },
        },
      },
      '1.2': { DICOM: { Modality: 'MR' }, Instances: { '1.2.1': { DICOM: {} } } },
    },
  },
};

/** Reads a blob in chunks of so many bytes. */
async function read(blob: Uint8Array, wanted: WantedOfMetadata = {}, size = 7) {
  const reader = new MetadataReader(wanted);
  for (let from = 0; from < blob.byteLength; from += size)
    await reader.write(blob.subarray(from, from + size));
  return reader.end();
}

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const held = (value: unknown, wanted?: WantedOfMetadata) => read(gzipSync(bytesOf(value)), wanted);

test('what a history may hold of metadata is read while they come, gzipped or not, in chunks of any size', async () => {
  const plain = await read(bytesOf(metadata));
  expect(plain?.extract).toEqual({
    studyInstanceUID: '1.2.3',
    studyDate: '20260102',
    modalities: ['CT', 'MR'],
    seriesCount: 2,
    instanceCount: 3,
    frameCount: 3,
  });
  expect(plain?.instances.count).toBe(3);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.boolean(), async (size, gzipped) => {
      const blob = bytesOf(metadata);
      expect(await read(gzipped ? gzipSync(blob) : blob, {}, size)).toEqual(plain);
    }),
  );
});

test('the patient is told where that is asked for', async () => {
  const { extract } = (await held(metadata, { includePatient: true })) ?? {};
  expect(extract?.patient).toEqual({ patientId: 'P1', patientName: 'DOE^JANE' });
});

test('a subset of a copy narrows the instances that are in the digest', async () => {
  const named = { Study: { Series: { '1.1': { Instances: { '1.1.2': {} } } } } };
  const some = await held(metadata, { copiableAttributes: JSON.stringify(named) });
  expect(some?.instances.count).toBe(1);
  expect(some?.extract.instanceCount).toBe(3);
});

test('the digest of the content depends on every value, and not on the order of members', async () => {
  const content = async (value: unknown) => (await held(value))?.content;
  const { Patient, Study } = metadata;
  const reordered = { Study: { Series: Study.Series, DICOM: Study.DICOM }, Patient, SchemaVersion: '1.0' };
  expect(await content(reordered)).toBe(await content(metadata));
  const renamed = { ...metadata, Patient: { DICOM: { ...Patient.DICOM, PatientName: 'DOE^JOHN' } } };
  expect(await content(renamed)).not.toBe(await content(metadata));
  const moved = structuredClone(metadata);
  moved.Study.Series['1.1'].Instances['1.1.1'].DICOM.InstanceNumber = '2';
  moved.Study.Series['1.1'].Instances['1.1.2'].DICOM.InstanceNumber = '1';
  expect(await content(moved)).not.toBe(await content(metadata));
});

const series = (content: object) => JSON.stringify({ Study: { Series: { '1.1': content } } });
test.each([
  [{ updatableAttributes: series({ DICOM: { SeriesNumber: 1 } }) }, true],
  [{ updatableAttributes: series({ DICOM: { SeriesNumber: 2 } }) }, false],
  [{ updatableAttributes: series({ Instances: { '1.1.2': { DICOM: { InstanceNumber: '2' } } } }) }, true],
  [{ updatableAttributes: series({ Instances: { '1.1.3': { DICOM: { InstanceNumber: '2' } } } }) }, false],
  [{ updatableAttributes: JSON.stringify({ Patient: { DICOM: { PatientID: 'P1' } } }) }, true],
  [{ removableAttributes: series({ DICOM: { SeriesDescription: null } }) }, true],
  [{ removableAttributes: series({ DICOM: { SeriesNumber: null } }) }, false],
  [{ removableAttributes: series({ Instances: { '1.1.2': {} } }) }, false],
  [{ removableAttributes: series({ Instances: { '1.1.3': {} } }) }, true],
  [{ removableAttributes: JSON.stringify({ Study: { Series: { '1.2': {} } } }) }, false],
  [{ removableAttributes: JSON.stringify({ Study: { Series: { '1.3': {} } } }) }, true],
  [{ removableAttributes: JSON.stringify({ Patient: { DICOM: { PatientBirthDate: null } } }) }, true],
])('the update %j is held: %s', async (asked, holds) => {
  expect((await held(metadata, { asked }))?.holdsAsked).toBe(holds);
});

test('a member called __proto__ changes no object but its own', async () => {
  const hostile =
    '{"Patient":{"__proto__":{"x":1}},"Study":{"Series":{"__proto__":{"DICOM":{"Modality":"CT"}}}}}';
  const asked = { updatableAttributes: '{"Study":{"Series":{"__proto__":{"DICOM":{"Modality":"CT"}}}}}' };
  expect(await read(Buffer.from(hostile), { asked })).toMatchObject({ extract: { seriesCount: 1 } });
  expect({}).not.toHaveProperty('DICOM');
  expect({}).not.toHaveProperty('x');
});

test.each([
  ['text', Buffer.from('no JSON')],
  ['JSON that was cut off', bytesOf(metadata).subarray(0, 100)],
  ['gzip that was cut off', gzipSync(bytesOf(metadata)).subarray(0, 60)],
  ['gzip of something else', gzipSync('no JSON')],
  ['broken gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])],
  ['two documents', Buffer.from('{} {}')],
  ['nothing', Buffer.alloc(0)],
])('%s is no metadata', async (_, blob) => {
  expect(await read(blob)).toBeUndefined();
});

test('white space at the end belongs to the document', async () => {
  expect(await read(Buffer.from(`${JSON.stringify(metadata)}\n`))).toBeDefined();
});

test('metadata of 400 MB are read in a small part of that', async () => {
  const instance = JSON.stringify({ DICOM: { InstanceNumber: '1', Text: 'x'.repeat(10_000) } });
  const reader = new MetadataReader({});
  await reader.write(Buffer.from('{"Study":{"Series":{"1":{"Instances":{"0":{}'));
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let index = 1; index <= 40_000; index++) {
    await reader.write(Buffer.from(`,"${index}":${instance}`));
    if (index % 1_000 === 0) most = Math.max(most, process.memoryUsage().rss - before);
  }
  await reader.write(Buffer.from('}}}}}'));
  expect((await reader.end())?.instances.count).toBe(40_001);
  expect(most).toBeLessThan(200_000_000);
});
