import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSamples } from '../../../dev/samples/index.ts';

describe('writeSamples', () => {
  const s3Folder = mkdtempSync(join(tmpdir(), 'samples-test-'));
  const samples = writeSamples({ s3Folder, bucket: 'b' });
  afterAll(() => rmSync(s3Folder, { recursive: true }));

  const filesUnder = (prefix: string) =>
    readdirSync(join(s3Folder, 'b', prefix), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const dicomFiles = filesUnder('dicom').filter((file) => file.endsWith('.dcm'));
  const instances = dicomFiles.map((file) => parse(readFileSync(file)));

  it('writes eleven instances and one other file below the prefix that it returns', () => {
    expect(samples.dicomUri).toBe('s3://b/dicom/');
    expect(dicomFiles).toHaveLength(11);
    expect(filesUnder('dicom')).toHaveLength(12);
    expect(filesUnder('.')).toContain(join(s3Folder, 'b', samples.notDicom));
  });

  it('writes DICOM files that another implementation reads: two series in one study, and a third in another', () => {
    const seriesByStudy = new Map<unknown, Set<unknown>>();
    for (const { dataset } of instances) {
      const series = seriesByStudy.get(dataset.StudyInstanceUID) ?? new Set();
      seriesByStudy.set(dataset.StudyInstanceUID, series.add(dataset.SeriesInstanceUID));
    }
    expect([...seriesByStudy.values()].map(({ size }) => size)).toEqual([2, 1]);
    expect(new Set(instances.map(({ dataset }) => dataset.SOPInstanceUID)).size).toBe(11);
    expect([...seriesByStudy.keys()]).toEqual(samples.studies.map(({ uid }) => uid));
  });

  it('gives each file correct meta information, and an image that is not blank', () => {
    for (const { dataset, meta } of instances) {
      expect(meta.MediaStorageSOPClassUID).toBe(dataset.SOPClassUID);
      expect(meta.MediaStorageSOPInstanceUID).toBe(dataset.SOPInstanceUID);
      expect(meta.TransferSyntaxUID).toBe('1.2.840.10008.1.2.1');
      const pixels = Buffer.from(dataset.PixelData[0] as ArrayBuffer);
      expect(pixels).toHaveLength(
        (Number(dataset.Rows) * Number(dataset.Columns) * Number(dataset.BitsAllocated)) / 8,
      );
      expect(new Set(pixels).size).toBeGreaterThan(3);
    }
  });

  it('uses the same patient and study in all instances of a study, so that image sets can be merged', () => {
    for (const { uid, patient } of samples.studies) {
      const mine = instances.filter(({ dataset }) => dataset.StudyInstanceUID === uid);
      expect(new Set(mine.map(({ dataset }) => dataset.PatientID))).toEqual(new Set([patient.id]));
      expect(new Set(mine.map(({ dataset }) => dataset.StudyDescription)).size).toBe(1);
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

type Dataset = Readonly<Record<string, unknown>> & { readonly PixelData: readonly ArrayBuffer[] };

/** The part of dcmjs that this test uses. The package has no types. */
interface Dcmjs {
  readonly data: {
    readonly DicomMessage: { readFile(file: ArrayBuffer): { readonly dict: object; readonly meta: object } };
    readonly DicomMetaDictionary: { naturalizeDataset(dict: object): Dataset };
  };
}

function parse(file: Buffer): { readonly dataset: Dataset; readonly meta: Dataset } {
  const { DicomMessage, DicomMetaDictionary } = jest.requireActual<Dcmjs>('dcmjs').data;
  const { dict, meta } = DicomMessage.readFile(new Uint8Array(file).buffer);
  return {
    dataset: DicomMetaDictionary.naturalizeDataset(dict),
    meta: DicomMetaDictionary.naturalizeDataset(meta),
  };
}
