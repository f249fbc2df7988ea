import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { attributesText } from '../lib/dicom-attributes.ts';
import { isRecord, recordOf } from '../lib/guards.ts';

/**
 * Which instances an image set holds, in 80 bytes: their number, and the XOR of the SHA-256 of each SOP Instance UID.
 * The order does not matter, and the digest of two sets merged is the XOR of theirs, so "did this copy, and nothing
 * else, come in" can be asked without a single UID in a workflow's history.
 */
export interface InstancesDigest {
  count: number;
  /** 64 hexadecimal digits. */
  digest: string;
}

/** What an update of metadata asks for. See `attributesText`. */
export interface AskedUpdate {
  updatableAttributes?: string | undefined;
  removableAttributes?: string | undefined;
}

/** A small, typed part of the metadata, fit for a result. The patient is in it only where that is asked for. */
export interface MetadataExtract {
  studyInstanceUID?: string;
  studyDate?: string;
  modalities: string[];
  seriesCount: number;
  instanceCount: number;
  frameCount: number;
  patient?: { patientId?: string; patientName?: string; birthDate?: string; sex?: string };
}

type Members = Record<string, unknown>;

/**
 * @param blob - as GetImageSetMetadata has it: JSON, gzipped (the SDK does not inflate it)
 * @returns undefined for what is no JSON
 */
export function parseMetadata(blob: Uint8Array): Members | undefined {
  const gzipped = blob[0] === 0x1f && blob[1] === 0x8b;
  try {
    return objectIn((gzipped ? gunzipSync(blob) : Buffer.from(blob)).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** @param copiableAttributes - the JSON of a CopyImageSet subset; only the instances it names count */
export function digestInstances(metadata: Members, copiableAttributes?: string): InstancesDigest {
  const named = copiableAttributes === undefined ? undefined : instancesOf(objectIn(copiableAttributes));
  const sum = Buffer.alloc(32);
  let count = 0;
  for (const uid of instancesOf(metadata).keys()) {
    if (named && !named.has(uid)) continue;
    count += 1;
    for (const [index, byte] of createHash('sha256').update(uid).digest().entries()) {
      sum[index] = (sum[index] ?? 0) ^ byte;
    }
  }
  return { count, digest: sum.toString('hex') };
}

/** Two versions with the same digest hold the same DICOM content: what a revert is known by. */
export function digestContent({ Patient, Study }: Members): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted({ Patient, Study })))
    .digest('hex');
}

/** Whether metadata hold what an update asked for: every value that it set, and nothing that it removed. */
export function holdsUpdate(
  metadata: Members,
  { updatableAttributes, removableAttributes }: AskedUpdate,
): boolean {
  return (
    (updatableAttributes === undefined || holdsValues(metadata, withoutVersion(updatableAttributes))) &&
    (removableAttributes === undefined || lacksLeaves(metadata, withoutVersion(removableAttributes)))
  );
}

export function extractOf(metadata: Members, includePatient: boolean): MetadataExtract {
  const study = recordOf(metadata['Study']);
  const dicom = recordOf(study['DICOM']);
  const series = Object.values(recordOf(study['Series'])).map(recordOf);
  const instances = [...instancesOf(metadata).values()];
  const modalities = series.map((one) => recordOf(one['DICOM'])['Modality']);
  const patient = recordOf(recordOf(metadata['Patient'])['DICOM']);
  return {
    ...text('studyInstanceUID', dicom['StudyInstanceUID']),
    ...text('studyDate', dicom['StudyDate']),
    modalities: [...new Set(modalities.filter((modality) => typeof modality === 'string'))],
    seriesCount: series.length,
    instanceCount: instances.length,
    frameCount: instances.reduce(
      (sum, { ImageFrames }) => sum + (Array.isArray(ImageFrames) ? ImageFrames.length : 0),
      0,
    ),
    ...(includePatient && {
      patient: {
        ...text('patientId', patient['PatientID']),
        ...text('patientName', patient['PatientName']),
        ...text('birthDate', patient['PatientBirthDate']),
        ...text('sex', patient['PatientSex']),
      },
    }),
  };
}

function instancesOf(metadata: Members): Map<string, Members> {
  const series = Object.values(recordOf(recordOf(metadata['Study'])['Series'])).map(recordOf);
  return new Map(
    series.flatMap((one) =>
      Object.entries(recordOf(one['Instances'])).map(([uid, held]) => [uid, recordOf(held)]),
    ),
  );
}

/** Whether every leaf of `asked` stands in `held` at the same place. */
function holdsValues(held: unknown, asked: unknown): boolean {
  // The service gives numbers back as text.
  if (!isRecord(asked)) return textOf(held) === textOf(asked);
  return isRecord(held) && Object.entries(asked).every(([name, value]) => holdsValues(held[name], value));
}

/** Whether nothing stands in `held` where `asked` has a leaf. An empty object is a leaf: it names a whole instance. */
function lacksLeaves(held: unknown, asked: unknown): boolean {
  if (!isRecord(asked) || Object.keys(asked).length === 0) return held === undefined || held === null;
  return Object.entries(asked).every(([name, value]) => lacksLeaves(recordOf(held)[name], value));
}

/** AWS's own samples have SchemaVersion as text and as a number; it says nothing of the content. */
function withoutVersion(attributes: string): Members {
  const { SchemaVersion: _, ...content } = objectIn(attributesText(attributes));
  return content;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : JSON.stringify(sorted(value));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, held]) => [name, sorted(held)]),
  );
}

const objectIn = (json: string): Members => recordOf(JSON.parse(json));
const text = <Name extends string>(name: Name, value: unknown) =>
  (typeof value === 'string' ? { [name]: value } : {}) as { [Key in Name]?: string };
