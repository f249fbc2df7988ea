/**
 * Reads the public test files of pydicom with our DICOM reader and with pydicom, and compares the results. It needs python3
 * with pydicom and its files (read.py says how to install them); without them the tests are skipped with a message.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AttributeReader, type Attributes } from '../../../local-aws/medical-imaging/dicom/attributes.ts';
import { readDicomFile } from '../../../local-aws/medical-imaging/dicom/file.ts';
import { readInstance } from '../../../local-aws/medical-imaging/dicom-instance.ts';
import { PIXEL_DATA_TAGS } from '../../../local-aws/medical-imaging/dicom/parser.ts';
import { readPixelData } from '../../../local-aws/medical-imaging/dicom/pixel-data.ts';
import { NotImportable } from '../../../local-aws/medical-imaging/dicom/not-importable.ts';
import type { ByteSource } from '../../../local-aws/medical-imaging/dicom/source.ts';
import type { Series } from '../../../local-aws/medical-imaging/metadata.ts';
import { ObjectReader } from '../../../local-aws/s3/object-reader.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from '../harness.ts';
import { activeDatastore, importAll, readLines, readMetadata } from '../imaging-harness.ts';
import { readerLimits } from '../reader-limits.ts';

/** What one reader finds in a file; `missing` are the required attributes that the file lacks. */
interface Reading {
  readonly verdict: 'read' | 'refused';
  readonly missing: readonly string[];
  readonly attributes: Attributes;
  /** For a reading of an image set: at which level of the metadata each attribute is. */
  readonly levels?: Readonly<Record<string, string>>;
  /** The VRs of attributes without a keyword. */
  readonly vrs: Readonly<Record<string, string>>;
  /** SHA-256 of each frame. */
  readonly frames: readonly string[];
}
type PydicomReading = Reading & { readonly path: string; readonly name: string };

interface Difference {
  /** The end of the file's name. */
  readonly file: RegExp;
  /** The place in the reading, such as `.00191001` or `frames`. */
  readonly at: RegExp;
  readonly why: string;
}

/** All differences between the two readings that are accepted, each with its reason. */
const differences: readonly Difference[] = [
  {
    file: /charset_files\/chr(JapMulti|JapMultiExplicitIR6|KoreanMulti)\.dcm$/,
    at: /^(vrs)?\.0019[0-9A-F]{4}$/,
    why: 'pydicom knows the private elements of some vendors; in Implicit VR they are UN by PS3.5 section 6.2.2',
  },
  {
    file: /test_files\/badVR\.dcm$/,
    at: /^frames$/,
    why: 'NumberOfFrames is "1A", for which pydicom finds no frames; we take what is no number for its default of 1',
  },
  {
    file: /emri_small_jpeg_2k_lossless_too_short\.dcm$/,
    at: /^(\.|vrs|frames|missing)/,
    why: 'The end of the fragments is missing, and pydicom forgets the whole data set; the frames are complete (PS3.5 A.4)',
  },
  {
    file: /test_files\/meta_missing_tsyntax\.dcm$/,
    at: /^verdict$/,
    why: 'pydicom guesses the transfer syntax; the service refuses: "DICOM attribute TransferSyntaxUID does not exist"',
  },
];

const python =
  process.env['PYDICOM_PYTHON'] ?? join(import.meta.dirname, '../../../.local/pydicom/bin/python');
const isThere = existsSync(python);
if (!isThere)
  console.log(`Not compared with pydicom: there is no ${python} (see test/local-aws/pydicom/read.py).`);

(isThere ? describe : describe.skip)('the public files of pydicom', () => {
  const theirs = isThere ? readingsOfPydicom() : [];

  test('are read as pydicom reads them, but for a closed list', async () => {
    const found = new Map<PydicomReading, string[]>();
    for (const reading of theirs) {
      found.set(reading, differencesBetween(await readOurs(reading.path), reading));
    }
    const agreeing = [...found.values()].filter((places) => places.length === 0).length;
    const values = theirs.flatMap(({ attributes }) => Object.keys(attributes ?? {})).length;
    console.log(`${agreeing} of ${theirs.length} files agree, with ${values} attributes.`);
    expect(unexpected(found)).toEqual([]);
    expect(differences.filter((difference) => !isUsed(difference, found))).toEqual([]);
    expect(theirs.length).toBeGreaterThanOrEqual(255);
    expect(agreeing).toBeGreaterThanOrEqual(250);
  });

  test('are imported as pydicom reads them, those that the service would import', async () => {
    const complete = theirs.filter(({ verdict, missing }) => verdict === 'read' && missing.length === 0);
    const aws = await localAws({ frameEncoding: 'stored' });
    const found = new Map<PydicomReading, string[]>();
    for (const readings of withoutCommonSeries(complete)) {
      const ours = await importAllOf(aws, readings);
      for (const [index, reading] of readings.entries()) {
        found.set(reading, differencesBetween(ours[index] ?? refused, reading));
      }
    }
    await aws.close();
    expect(unexpected(found)).toEqual([]);
    expect(found.size).toBeGreaterThanOrEqual(220);
  }, 300_000);
});

/** Divides files into lists without two files of one series, because an import would combine these into one image set. */
function withoutCommonSeries(readings: readonly PydicomReading[]): PydicomReading[][] {
  const lists: PydicomReading[][] = [];
  const times = new Map<unknown, number>();
  for (const reading of readings) {
    const series = reading.attributes['SeriesInstanceUID'];
    const time = times.get(series) ?? 0;
    times.set(series, time + 1);
    (lists[time] ??= []).push(reading);
  }
  return lists;
}

function readingsOfPydicom(): PydicomReading[] {
  const script = join(import.meta.dirname, 'read.py');
  const lines = execFileSync(python, [script], { encoding: 'utf8', maxBuffer: 1e9 });
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as PydicomReading);
}

/** Differences that are not in the list of accepted ones. */
const unexpected = (found: ReadonlyMap<PydicomReading, readonly string[]>) =>
  [...found].flatMap(([{ name }, places]) =>
    places
      .filter((place) => !differences.some(({ file, at }) => file.test(name) && at.test(place)))
      .map((place) => `${name} ${place}`),
  );

const isUsed = ({ file, at }: Difference, found: ReadonlyMap<PydicomReading, readonly string[]>) =>
  [...found].some(([{ name }, places]) => file.test(name) && places.some((place) => at.test(place)));

const refused: Reading = { verdict: 'refused', missing: [], attributes: {}, vrs: {}, frames: [] };

async function readOurs(path: string): Promise<Reading> {
  const source = new ObjectReader(path);
  try {
    const file = await readDicomFile(source, readerLimits);
    const reader = new AttributeReader();
    const attributes = { ...reader.read(file.meta), ...reader.read(file.dataSet, PIXEL_DATA_TAGS) };
    const frames = (readPixelData(file, Infinity)?.frames ?? []).map((frame) => sha256(frame.read()));
    const missing = await missingIn(source);
    return { verdict: 'read', missing, attributes: asJson(attributes), vrs: reader.vrs, frames };
  } catch (error) {
    // Any other error is a bug of our reader, and fails the test.
    if (!(error instanceof NotImportable)) throw error;
    return refused;
  } finally {
    source.close();
  }
}

/** Imports the files, and reads the metadata and the frames of each one from its image set. */
async function importAllOf(aws: LocalAwsUnderTest, readings: readonly PydicomReading[]): Promise<Reading[]> {
  const datastoreId = await activeDatastore(aws);
  const names = readings.map((_, index) => `${index}.dcm`);
  const files = readings.map(({ path }, index) => [names[index] ?? '', readFileSync(path)] as const);
  await putFiles(aws.data, datastoreId, Object.fromEntries(files));
  const { outputS3Uri } = await importAll(aws, { datastoreId, inputS3Uri: `s3://${datastoreId}/` });
  const lines = (await readLines(aws, `${outputS3Uri}SUCCESS/success.ndjson`)) as SuccessLine[];
  const imageSets = new Map(
    lines.map(({ inputFile, importResponse }) => [inputFile, importResponse.imageSetId]),
  );
  const found: Reading[] = [];
  for (const name of names) {
    const imageSetId = imageSets.get(name);
    found.push(imageSetId === undefined ? refused : await readImageSet(aws, { datastoreId, imageSetId }));
  }
  return found;
}

interface SuccessLine {
  readonly inputFile: string;
  readonly importResponse: { readonly imageSetId: string };
}

async function readImageSet(
  aws: LocalAwsUnderTest,
  imageSet: { datastoreId: string; imageSetId: string },
): Promise<Reading> {
  const { Patient, Study } = await readMetadata(aws, imageSet);
  const [series] = Object.values<Series>(Study.Series);
  const [instance] = Object.values(series?.Instances ?? {});
  const attributes = { ...Patient.DICOM, ...Study.DICOM, ...series?.DICOM, ...instance?.DICOM };
  const frames: string[] = [];
  for (const { ID: imageFrameId } of instance?.ImageFrames ?? []) {
    const frame = await aws.imaging.getImageFrame({ ...imageSet, imageFrameInformation: { imageFrameId } });
    frames.push(sha256(Buffer.from((await frame.imageFrameBlob?.transformToByteArray()) ?? [])));
  }
  const levels = levelsOf({
    patient: Patient.DICOM,
    study: Study.DICOM,
    series: series?.DICOM,
    instance: instance?.DICOM,
  });
  return { verdict: 'read', missing: [], attributes, levels, vrs: instance?.DICOMVRs ?? {}, frames };
}

/** The level of each attribute. One that is at two levels by mistake gets both, which never equals the one of read.py. */
function levelsOf(byLevel: Readonly<Record<string, Attributes | undefined>>): Record<string, string> {
  const levels: Record<string, string> = {};
  for (const [level, attributes = {}] of Object.entries(byLevel)) {
    for (const name of Object.keys(attributes))
      levels[name] = [levels[name] ?? [], level].flat().join(' and ');
  }
  return levels;
}

/** The missing attribute that the error of an import would name, as a list of one; empty if none is missing. */
async function missingIn(source: ByteSource): Promise<string[]> {
  try {
    await readInstance(source, readerLimits);
    return [];
  } catch (error) {
    const [, keyword = ''] = /^DICOM attribute (\w+) does not exist$/.exec((error as Error).message) ?? [];
    return [keyword];
  }
}

const asJson = (attributes: Attributes): Attributes => JSON.parse(JSON.stringify(attributes)) as Attributes;

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The places in which two readings differ. */
function differencesBetween(ours: Reading, theirs: Reading): string[] {
  if (ours.verdict !== theirs.verdict) return ['verdict'];
  if (ours.verdict === 'refused') return [];
  const found = [
    ...valuesThatDiffer(ours.attributes, theirs.attributes, ''),
    ...valuesThatDiffer(ours.vrs, theirs.vrs, 'vrs'),
    ...(ours.levels ? valuesThatDiffer(ours.levels, theirs.levels, 'levels') : []),
  ];
  if (ours.missing[0] !== theirs.missing[0]) found.push('missing');
  if (JSON.stringify(ours.frames) !== JSON.stringify(theirs.frames)) found.push('frames');
  return found;
}

function valuesThatDiffer(ours: unknown, theirs: unknown, at: string): string[] {
  // Zero and minus zero are the same number in JSON.
  if (ours === theirs) return [];
  if (typeof ours !== 'object' || typeof theirs !== 'object' || !ours || !theirs) return [at];
  const [left, right] = [new Map(Object.entries(ours)), new Map(Object.entries(theirs))];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].flatMap((name) => valuesThatDiffer(left.get(name), right.get(name), `${at}.${name}`));
}
