import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { JSONParser } from '@streamparser/json';
import { attributesText } from '../lib/dicom-attributes.ts';
import { isRecord, recordOf } from '../lib/guards.ts';
import { cutText } from '../lib/size.ts';

/**
 * Identifies the instances of an image set in 80 bytes: their number, and the XOR of the SHA-256 of each SOP Instance UID.
 * The digest does not depend on the order, and the digest of two merged sets is the XOR of theirs. So a run can verify that
 * exactly the copied instances were added, without any UID in its history.
 */
export interface InstancesDigest {
  count: number;
  /** 64 hexadecimal digits. */
  digest: string;
}

/** The attributes of a metadata update. See `attributesText`. */
export interface AskedUpdate {
  updatableAttributes?: string | undefined;
  removableAttributes?: string | undefined;
}

/** A small part of the metadata for the result of a run. It includes the patient only if the input asks for it. */
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

/** What to extract from the metadata besides digests and counts. */
export interface WantedOfMetadata {
  includePatient?: boolean | undefined;
  /** The JSON of a CopyImageSet subset: the digest includes only the instances that it names. */
  copiableAttributes?: string | undefined;
  /** An update, to find out whether the metadata include it. */
  asked?: AskedUpdate | undefined;
}

/** The part of an image set's metadata that may be in the history. */
export interface HeldMetadata {
  instances: InstancesDigest;
  /** Equal for two versions with the same DICOM content, which proves that a revert was made. 64 hexadecimal digits. */
  content: string;
  extract: MetadataExtract;
  /** Whether the metadata include the update: every value that it sets, and nothing that it removes. */
  holdsAsked?: boolean;
}

/** The small pieces in which the parser reads all metadata. (Developer guide, "Image set metadata".) */
const PIECES = ['$.Patient', '$.Study.DICOM', '$.Study.Series.*.DICOM', '$.Study.Series.*.Instances.*'];

/**
 * Reads the metadata of an image set as a stream, piece by piece. AWS allows 50 MB of gzipped metadata, which can be a
 * gigabyte of JSON. The memory holds only the largest instance, the requested update, and 64 KB of text.
 */
export class MetadataReader {
  readonly #wanted: WantedOfMetadata;
  readonly #parser = new JSONParser({ paths: PIECES, keepStack: false });
  readonly #named: ReadonlySet<string> | undefined;
  readonly #asked: { updated: Members | undefined; removed: Members | undefined };
  /** The pieces of the metadata that the requested update names, at their places. */
  readonly #heldOfAsked: Members = {};
  readonly #instances = new SetDigest();
  readonly #content = new SetDigest();
  readonly #series = new Set<string>();
  readonly #modalities = new Set<string>();
  #frames = 0;
  #instanceCount = 0;
  #study: Members = {};
  #patient: Members = {};
  #gunzip: Gunzip | undefined;
  #begun = false;
  #isJson = true;

  constructor(wanted: WantedOfMetadata) {
    const { copiableAttributes, asked } = wanted;
    this.#wanted = wanted;
    this.#named = copiableAttributes === undefined ? undefined : instancesIn(objectIn(copiableAttributes));
    this.#asked = {
      updated:
        asked?.updatableAttributes === undefined ? undefined : withoutVersion(asked.updatableAttributes),
      removed:
        asked?.removableAttributes === undefined ? undefined : withoutVersion(asked.removableAttributes),
    };
    this.#parser.onValue = ({ key, stack, value }) =>
      this.#read([...stack.slice(1).map((level) => String(level.key)), String(key)], recordOf(value));
  }

  /** Takes the next chunk of the blob: JSON, which may be gzipped (the SDK does not inflate it). */
  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength === 0) return;
    // Gzip begins with this byte, and JSON never does.
    if (!this.#begun && chunk[0] === 0x1f) {
      this.#gunzip = createGunzip();
      this.#gunzip.on('data', (text: Uint8Array) => this.#parse(text));
      this.#gunzip.on('error', () => (this.#isJson = false));
    }
    this.#begun = true;
    const gunzip = this.#gunzip;
    if (!gunzip) this.#parse(chunk);
    else if (!gunzip.destroyed) await inflate(gunzip, chunk);
  }

  /** @returns undefined for a blob that is not JSON */
  async end(): Promise<HeldMetadata | undefined> {
    if (this.#gunzip) await finished(this.#gunzip.end()).catch(() => (this.#isJson = false));
    this.#endParsing();
    if (!this.#isJson || !this.#begun) return undefined;
    const { updated, removed } = this.#asked;
    const holds =
      (updated === undefined || holdsValues(this.#heldOfAsked, updated)) &&
      (removed === undefined || lacksLeaves(this.#heldOfAsked, removed));
    return {
      instances: this.#instances.digest,
      content: this.#content.digest.digest,
      extract: this.#extract(),
      ...(this.#wanted.asked && { holdsAsked: holds }),
    };
  }

  /** A JSON document that is incomplete at the end of the blob counts as no JSON. */
  #endParsing(): void {
    try {
      if (!this.#parser.isEnded) this.#parser.end();
    } catch {
      this.#isJson = false;
    }
  }

  #parse(text: Uint8Array): void {
    if (!this.#isJson) return;
    try {
      this.#parser.write(text);
    } catch {
      this.#isJson = false;
    }
  }

  #read(place: string[], piece: Members): void {
    this.#content.add(JSON.stringify([place, sorted(piece)]));
    for (const asked of Object.values(this.#asked)) {
      if (asked !== undefined) keepWhatIsAskedFor(this.#heldOfAsked, asked, place, piece);
    }
    const [, , series, level, instance] = place;
    if (series !== undefined) this.#series.add(series);
    if (instance !== undefined) this.#readInstance(instance, piece);
    else if (level === 'DICOM') this.#readModality(piece['Modality']);
    else if (place[0] === 'Patient') this.#patient = recordOf(piece['DICOM']);
    else this.#study = piece;
  }

  #readInstance(uid: string, { ImageFrames }: Members): void {
    this.#instanceCount += 1;
    if (Array.isArray(ImageFrames)) this.#frames += ImageFrames.length;
    if (!this.#named || this.#named.has(uid)) this.#instances.add(uid);
  }

  #readModality(modality: unknown): void {
    if (typeof modality === 'string' && this.#modalities.size < MOST_MODALITIES) {
      this.#modalities.add(cutText(modality, MOST_BYTES_OF_TEXT));
    }
  }

  #extract(): MetadataExtract {
    const patient = this.#patient;
    return {
      ...text('studyInstanceUID', this.#study['StudyInstanceUID']),
      ...text('studyDate', this.#study['StudyDate']),
      modalities: [...this.#modalities],
      seriesCount: this.#series.size,
      instanceCount: this.#instanceCount,
      frameCount: this.#frames,
      ...(this.#wanted.includePatient && {
        patient: {
          ...text('patientId', patient['PatientID']),
          ...text('patientName', patient['PatientName']),
          ...text('birthDate', patient['PatientBirthDate']),
          ...text('sex', patient['PatientSex']),
        },
      }),
    };
  }
}

/** Resolves when a chunk has been inflated, or has failed. */
function inflate(gunzip: Gunzip, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gunzip.off('close', done);
      resolve();
    };
    // A chunk that is not gzip closes the stream, and then `write` never calls its callback.
    gunzip.on('close', done);
    gunzip.write(chunk, done);
  });
}

/** A digest of a set of texts that does not depend on their order. See {@link InstancesDigest}. */
class SetDigest {
  readonly #sum = Buffer.alloc(32);
  #count = 0;

  add(member: string): void {
    this.#count += 1;
    for (const [index, byte] of createHash('sha256').update(member).digest().entries()) {
      this.#sum[index] = (this.#sum[index] ?? 0) ^ byte;
    }
  }

  get digest(): InstancesDigest {
    return { count: this.#count, digest: this.#sum.toString('hex') };
  }
}

/**
 * Keeps a piece of the metadata, at its place in `held`, if the update names something in it. If the update names a whole
 * series or instance, only its existence is kept.
 */
function keepWhatIsAskedFor(held: Members, asked: Members, place: readonly string[], piece: Members): void {
  let [here, wanted]: [Members, unknown] = [held, asked];
  for (const [depth, name] of place.entries()) {
    // Not a DICOM keyword or UID. Assigning it would change the prototype of the object.
    if (name === '__proto__') return;
    if (!isRecord(wanted) || Object.keys(wanted).length === 0) return;
    wanted = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    if (wanted === undefined) return;
    const last = depth === place.length - 1;
    here = recordOf((here[name] ??= last ? piece : {}));
  }
}

/** The UIDs of the instances in a CopyImageSet subset. */
function instancesIn(metadata: Members): ReadonlySet<string> {
  const series = Object.values(recordOf(recordOf(metadata['Study'])['Series']));
  return new Set(series.flatMap((one) => Object.keys(recordOf(recordOf(one)['Instances']))));
}

/** Whether `held` has every leaf of `asked` at the same place. */
function holdsValues(held: unknown, asked: unknown): boolean {
  // The service returns numbers as text.
  if (!isRecord(asked)) return textOf(held) === textOf(asked);
  return isRecord(held) && Object.entries(asked).every(([name, value]) => holdsValues(held[name], value));
}

/** Whether `held` has nothing at the leaves of `asked`. An empty object is a leaf: it names a whole instance. */
function lacksLeaves(held: unknown, asked: unknown): boolean {
  if (!isRecord(asked) || Object.keys(asked).length === 0) return held === undefined || held === null;
  return Object.entries(asked).every(([name, value]) => lacksLeaves(recordOf(held)[name], value));
}

/** Removes SchemaVersion, which is not content. In AWS's samples it is sometimes text and sometimes a number. */
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

/** DICOM files may hold longer texts than DICOM allows, and the result of a run is limited to 2 MB. */
const MOST_BYTES_OF_TEXT = 1_000;
const MOST_MODALITIES = 100;

const text = <Name extends string>(name: Name, value: unknown) =>
  (typeof value === 'string' ? { [name]: cutText(value, MOST_BYTES_OF_TEXT) } : {}) as {
    [Key in Name]?: string;
  };
