import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { JSONParser } from '@streamparser/json';
import { attributesText } from '../lib/dicom-attributes.ts';
import { isRecord, recordOf } from '../lib/guards.ts';
import { cutText } from '../lib/size.ts';

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

/** What of the metadata is wanted besides digests and counts. */
export interface WantedOfMetadata {
  includePatient?: boolean | undefined;
  /** The JSON of a CopyImageSet subset: only the instances that it names are in the digest. */
  copiableAttributes?: string | undefined;
  /** Asks whether the metadata hold this update. */
  asked?: AskedUpdate | undefined;
}

/** What a history may hold of an image set's metadata. */
export interface HeldMetadata {
  instances: InstancesDigest;
  /** Two versions with the same digest hold the same DICOM content, which is what a revert is known by. 64 hexadecimal digits. */
  content: string;
  extract: MetadataExtract;
  /** Whether the metadata hold the update that was asked for: every value that it set, and nothing that it removed. */
  holdsAsked?: boolean;
}

/** The pieces in which metadata are read: all that they hold, each small. (Developer guide, "Image set metadata".) */
const PIECES = ['$.Patient', '$.Study.DICOM', '$.Study.Series.*.DICOM', '$.Study.Series.*.Instances.*'];

/**
 * Reads the metadata of an image set while they come, piece by piece. AWS allows 50 MB of gzipped metadata, which can be a
 * gigabyte of JSON: what is in memory at one time is the largest instance, the update that was asked for, and 64 KB of text.
 */
export class MetadataReader {
  readonly #wanted: WantedOfMetadata;
  readonly #parser = new JSONParser({ paths: PIECES, keepStack: false });
  readonly #named: ReadonlySet<string> | undefined;
  readonly #asked: { updated: Members | undefined; removed: Members | undefined };
  /** Those pieces of the metadata that the asked update names, at their places. */
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

  /** Takes the next chunk of the blob: JSON, gzipped (the SDK does not inflate it) or not. */
  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength === 0) return;
    // The first byte of gzip, with which JSON cannot begin.
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

  /**
   * Ends the blob.
   *
   * @returns undefined for what is no JSON
   */
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

  /** A document that has not ended by now has been cut off. */
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

/** Resolves once a chunk has been inflated, or cannot be. */
function inflate(gunzip: Gunzip, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gunzip.off('close', done);
      resolve();
    };
    // A chunk that is no gzip closes the stream, and `write` never calls back.
    gunzip.on('close', done);
    gunzip.write(chunk, done);
  });
}

/** A digest of a set of texts that does not depend on their order: their number, and the XOR of the SHA-256 of each. */
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
 * Keeps a piece of the metadata, at its place in `held`, where an update names something in it. Where the update names a whole
 * series or instance, that there is one is all that is kept of it.
 */
function keepWhatIsAskedFor(held: Members, asked: Members, place: readonly string[], piece: Members): void {
  let [here, wanted]: [Members, unknown] = [held, asked];
  for (const [depth, name] of place.entries()) {
    // No DICOM keyword or UID; assigned to an object, it would be its prototype.
    if (name === '__proto__') return;
    if (!isRecord(wanted) || Object.keys(wanted).length === 0) return;
    wanted = Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    if (wanted === undefined) return;
    const last = depth === place.length - 1;
    here = recordOf((here[name] ??= last ? piece : {}));
  }
}

/** The UIDs of the instances that a subset of a copy names. */
function instancesIn(metadata: Members): ReadonlySet<string> {
  const series = Object.values(recordOf(recordOf(metadata['Study'])['Series']));
  return new Set(series.flatMap((one) => Object.keys(recordOf(recordOf(one)['Instances']))));
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

/** Texts of DICOM files may be longer than DICOM allows, and a result has room for 2 MB. */
const MOST_BYTES_OF_TEXT = 1_000;
const MOST_MODALITIES = 100;

const text = <Name extends string>(name: Name, value: unknown) =>
  (typeof value === 'string' ? { [name]: cutText(value, MOST_BYTES_OF_TEXT) } : {}) as {
    [Key in Name]?: string;
  };
