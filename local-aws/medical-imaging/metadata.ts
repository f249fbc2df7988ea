import type { Attributes } from './dicom/attributes.ts';

/** The document that GetImageSetMetadata returns (gzipped), without SchemaVersion and the ids of data store and image set. */
export interface Metadata {
  readonly Patient: { readonly DICOM: Attributes };
  readonly Study: { readonly DICOM: Attributes; readonly Series: Readonly<Record<string, Series>> };
}

export interface Series {
  readonly DICOM: Attributes;
  readonly Instances: Readonly<Record<string, Instance>>;
}

export interface Instance {
  readonly DICOM: Attributes;
  readonly DICOMVRs: Readonly<Record<string, string>>;
  readonly StoredTransferSyntaxUID: string;
  readonly ChecksumType: string;
  readonly ImageFrames: readonly ImageFrame[];
}

/** One instance with its Patient, Study, Series and Instance attributes in one object, as its DICOM file has them. */
export interface InstanceView {
  readonly instance: Instance;
  readonly attributes: Attributes;
}

export interface ImageFrame {
  readonly ID: string;
  readonly PixelDataChecksumFromBaseToFullResolution: readonly {
    readonly Width: number;
    readonly Height: number;
    readonly Checksum: number;
  }[];
  readonly MinPixelValue: number | null;
  readonly MaxPixelValue: number | null;
  readonly FrameSizeInBytes: number;
}

/**
 * The elements by which the service groups instances into image sets: HealthImaging developer guide, "Understanding image
 * sets", table "DICOM elements used for image set creation".
 */
const imageSetElements = [
  'StudyDate',
  'AccessionNumber',
  'PatientID',
  'StudyInstanceUID',
  'StudyID',
  'SeriesInstanceUID',
  'SeriesNumber',
];

/**
 * A text that is equal for all documents that belong to the same image set.
 *
 * @param by - `listedElements`: the seven of AWS's table; `allElements`: all of the Patient, Study and Series levels
 */
export function imageSetKey(metadata: Metadata, by: 'listedElements' | 'allElements'): string {
  const [, series] = onlySeries(metadata);
  const attributes = { ...metadata.Patient.DICOM, ...metadata.Study.DICOM, ...series?.DICOM };
  const names = by === 'allElements' ? Object.keys(attributes).sort() : imageSetElements;
  // Some values still have their padding (spaces), which is not part of the value.
  const comparable = (value: unknown) => (typeof value === 'string' ? value.trim() : (value ?? null));
  return JSON.stringify(names.map((name) => [name, comparable(attributes[name])]));
}

/**
 * Combines documents of one image set, in the order in which they were received. If several contain an attribute or an instance,
 * the last one counts.
 */
export function combined(documents: readonly Metadata[]): Metadata {
  const all = <T extends object>(parts: readonly (T | undefined)[]) =>
    parts.reduce<T>((sum, part) => Object.assign(sum, part), {} as T);
  const [uid] = documents[0] ? onlySeries(documents[0]) : [''];
  const series = documents.map((document) => onlySeries(document)[1]);
  return {
    Patient: { DICOM: all(documents.map(({ Patient }) => Patient.DICOM)) },
    Study: {
      DICOM: all(documents.map(({ Study }) => Study.DICOM)),
      Series: {
        [uid]: {
          DICOM: all(series.map((each) => each?.DICOM)),
          Instances: all(series.map((each) => each?.Instances)),
        },
      },
    },
  };
}

/** The first level whose attributes differ in two documents; undefined if none does, so they can form one image set. */
export function mismatch(a: Metadata, b: Metadata): 'Patient' | 'Study' | 'Series' | undefined {
  if (!equal(a.Patient.DICOM, b.Patient.DICOM)) return 'Patient';
  if (!equal(a.Study.DICOM, b.Study.DICOM)) return 'Study';
  const [, seriesA] = onlySeries(a);
  const [, seriesB] = onlySeries(b);
  return equal(seriesA?.DICOM, seriesB?.DICOM) ? undefined : 'Series';
}

/** The instances of `added` put into the series of `base`, whose Patient, Study and Series stay as they are. */
export function merged(base: Metadata, added: Metadata): Metadata {
  const [uid, series] = onlySeries(base);
  const Instances = { ...series?.Instances, ...instancesOf(added) };
  return {
    ...base,
    Study: { ...base.Study, Series: { [uid]: { DICOM: series?.DICOM ?? {}, Instances } } },
  };
}

export function instancesOf({ Study }: Metadata): Readonly<Record<string, Instance>> {
  return Object.fromEntries(
    Object.values(Study.Series).flatMap(({ Instances }) => Object.entries(Instances)),
  );
}

export function viewsOf({ Patient, Study }: Metadata): InstanceView[] {
  return Object.values(Study.Series).flatMap((series) =>
    Object.values(series.Instances).map((instance) => ({
      instance,
      attributes: { ...instance.DICOM, ...series.DICOM, ...Study.DICOM, ...Patient.DICOM },
    })),
  );
}

/** The document with only the named instances. */
export function subset(metadata: Metadata, sopUids: readonly string[]): Metadata {
  const [uid, series] = onlySeries(metadata);
  const instances = Object.entries(series?.Instances ?? {}).filter(([sopUid]) => sopUids.includes(sopUid));
  return {
    ...metadata,
    Study: {
      ...metadata.Study,
      Series: { [uid]: { DICOM: series?.DICOM ?? {}, Instances: Object.fromEntries(instances) } },
    },
  };
}

/** A document has only one series: imports make one image set per series, and copies use the series of the destination. */
function onlySeries({ Study }: Metadata): [uid: string, series: Series | undefined] {
  return Object.entries(Study.Series)[0] ?? ['', undefined];
}

/** Whether two values are equal as JSON; the order of members does not matter. */
function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  const [entriesA, entriesB] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    entriesA.length === entriesB.size && entriesA.every(([name, value]) => equal(value, entriesB.get(name)))
  );
}
