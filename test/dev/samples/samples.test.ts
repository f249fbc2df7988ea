import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSamples } from '../../../dev/samples/index.ts';
import type { Attributes } from '../../../local-aws/medical-imaging/dicom/attributes.ts';
import { readInstance } from '../../../local-aws/medical-imaging/dicom-instance.ts';
import { readerLimits } from '../../local-aws/reader-limits.ts';
import { MemorySource } from '../../../local-aws/medical-imaging/dicom/source.ts';

describe('writeSamples', () => {
  const s3Folder = mkdtempSync(join(tmpdir(), 'samples-test-'));
  const samples = writeSamples({ s3Folder, bucket: 'b' });
  afterAll(() => rmSync(s3Folder, { recursive: true }));

  const filesUnder = (prefix: string) =>
    readdirSync(join(s3Folder, 'b', prefix), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const dicomFiles = filesUnder('dicom').filter((file) => file.endsWith('.dcm'));
  let instances: Awaited<ReturnType<typeof parse>>[];
  beforeAll(async () => (instances = await Promise.all(dicomFiles.map((file) => parse(readFileSync(file))))));

  it('writes eleven instances and one other file below the prefix that it returns', () => {
    expect(samples.dicomUri).toBe('s3://b/dicom/');
    expect(dicomFiles).toHaveLength(11);
    expect(filesUnder('dicom')).toHaveLength(12);
    expect(filesUnder('.')).toContain(join(s3Folder, 'b', samples.notDicom));
  });

  it('writes DICOM files that another implementation reads: two series in one study, and a third in another', () => {
    const seriesByStudy = new Map<unknown, Set<unknown>>();
    for (const { attributes } of instances) {
      const series = seriesByStudy.get(attributes['StudyInstanceUID']) ?? new Set();
      seriesByStudy.set(attributes['StudyInstanceUID'], series.add(attributes['SeriesInstanceUID']));
    }
    expect([...seriesByStudy.values()].map(({ size }) => size)).toEqual([2, 1]);
    expect(new Set(instances.map(({ attributes }) => attributes['SOPInstanceUID'])).size).toBe(11);
    expect([...seriesByStudy.keys()]).toEqual(samples.studies.map(({ uid }) => uid));
  });

  it('gives each file correct meta information, and an image that is not blank', () => {
    for (const { attributes, frames } of instances) {
      expect(attributes['MediaStorageSOPClassUID']).toBe(attributes['SOPClassUID']);
      expect(attributes['MediaStorageSOPInstanceUID']).toBe(attributes['SOPInstanceUID']);
      expect(attributes['TransferSyntaxUID']).toBe('1.2.840.10008.1.2.1');
      const [pixels = []] = frames;
      expect(pixels).toHaveLength(
        (Number(attributes['Rows']) * Number(attributes['Columns']) * Number(attributes['BitsAllocated'])) /
          8,
      );
      expect(new Set(pixels).size).toBeGreaterThan(3);
    }
  });

  it('uses the same patient and study in all instances of a study, so that image sets can be merged', () => {
    for (const { uid, patient } of samples.studies) {
      const mine = instances.filter(({ attributes }) => attributes['StudyInstanceUID'] === uid);
      expect(new Set(mine.map(({ attributes }) => attributes['PatientID']))).toEqual(new Set([patient.id]));
      expect(new Set(mine.map(({ attributes }) => attributes['StudyDescription'])).size).toBe(1);
    }
  });

  it('writes FHIR resources, all but one with an id, and an ImagingStudy that refers to the study', () => {
    const lines = filesUnder('fhir').flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
    const resources = lines.map((line) => JSON.parse(line) as { resourceType: string; id?: string });
    expect(resources.filter(({ id }) => id === undefined)).toEqual([
      expect.objectContaining({ resourceType: 'Observation' }),
    ]);
    expect(new Set(resources.map(({ resourceType }) => resourceType))).toEqual(
      new Set(['Patient', 'Observation', 'ImagingStudy']),
    );
    const [head] = samples.studies;
    expect(resources).toContainEqual(
      expect.objectContaining({
        resourceType: 'ImagingStudy',
        identifier: [expect.objectContaining({ value: `urn:oid:${head.uid}` })],
      }),
    );
  });

  it('writes the same bytes for the same seed, and other UIDs for another seed', () => {
    const before = readFileSync(dicomFiles[0] as string);
    expect(writeSamples({ s3Folder, bucket: 'b' })).toEqual(samples);
    expect(readFileSync(dicomFiles[0] as string).equals(before)).toBe(true);
    expect(writeSamples({ s3Folder, bucket: 'c', seed: 'other' }).studies[0].uid).not.toBe(
      samples.studies[0].uid,
    );
  });
});

/** Parses with the reader of the local AWS, which shares no code with the writer of the samples. */
async function parse(file: Buffer) {
  const source = new MemorySource([file]);
  const { levels, pixelData } = await readInstance(source, readerLimits);
  const attributes: Attributes = Object.assign({}, ...Object.values(levels));
  return { attributes, frames: pixelData?.frames.map((frame) => frame.read()) ?? [] };
}
