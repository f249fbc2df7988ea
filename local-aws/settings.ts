import type { Duration } from './timeline.ts';

/**
 * What a caller may change about the local AWS. Durations say how long AWS takes; the others are what AWS does not
 * document, each with the default that the evidence speaks for.
 */
export interface Settings {
  /** The account and region that ARNs name. */
  accountId: string;
  region: string;

  /** HealthImaging data store: CREATING, DELETING. */
  datastoreCreateMs: Duration;
  datastoreDeleteMs: Duration;
  /** DICOM import: SUBMITTED, then IN_PROGRESS. */
  dicomImportSubmittedMs: Duration;
  dicomImportMs: Duration;
  /** Image set: LOCKED while it is copied, updated or deleted. */
  copyMs: Duration;
  updateMs: Duration;
  deleteImageSetMs: Duration;
  /** How long GetImageSetMetadata answers "not consistent yet" after an import made or changed an image set. */
  metadataInconsistentMs: Duration;
  /** HealthLake data store: CREATING, DELETING. */
  fhirDatastoreCreateMs: Duration;
  fhirDatastoreDeleteMs: Duration;
  /** FHIR import: SUBMITTED, then IN_PROGRESS. */
  fhirImportSubmittedMs: Duration;
  fhirImportMs: Duration;
  /** FHIR export: SUBMITTED, then IN_PROGRESS. */
  fhirExportSubmittedMs: Duration;
  fhirExportMs: Duration;
  /** How long after the end of an import or export its manifest and ndjson files appear in S3. */
  manifestLagMs: Duration;

  /** Whether `failure.ndjson` and `success.ndjson` exist where they have no line. */
  writeEmptyNdjson: boolean;
  /** What becomes of an import whose bucket is there and whose prefix holds no file: an empty `COMPLETED`, or `FAILED`. */
  emptyInput: 'COMPLETED' | 'FAILED';
  /**
   * What becomes of an import whose bucket is not there. AWS does not say: it cannot list a bucket that is missing, so
   * `FAILED` is taken as the default; `COMPLETED` treats it as one without files.
   */
  missingInputBucket: 'COMPLETED' | 'FAILED';
  /**
   * What instances of one image set have in common. AWS's "Understanding image sets" lists seven elements, and says on the
   * same page that primary image sets have consistent Patient, Study and Series metadata.
   */
  imageSetGrouping: 'listedElements' | 'allElements';
  /**
   * How an import keeps image frames, which GetImageFrame gives as they are kept. `service`: as HealthImaging does, most as
   * HTJ2K or JPEG 2000 Lossless; `stored`: all as they came, byte for byte.
   */
  frameEncoding: 'service' | 'stored';
  /**
   * What `FrameSizeInBytes` of a transcoded frame counts. AWS's developer guide says `decoded`, and one of its three samples
   * agrees; the other two, and a document that production code has kept, fit `encoded`, for which an import encodes each frame.
   */
  frameSizeInBytes: 'decoded' | 'encoded';
  /** `ChecksumType` of frames that keep their encoding: no document of the service shows one. */
  checksumTypeOfKeptFrames: string;
  /**
   * Bytes of a binary value that DICOMweb metadata hold inline; a larger one has a BulkDataURI. AWS says 1 MB.
   */
  dicomWebInlineBytes: number;
  /**
   * What a DICOMweb search may ask for. `listed`: the attributes that AWS's pages list for it, any other is refused; `any`: every
   * attribute. AWS does not say what becomes of the others.
   */
  dicomWebSearchKeys: 'listed' | 'any';
  /** More files than that and a DICOM import ends `FAILED`, message `FILE_COUNTS_LIMIT…`. */
  maxFilesPerDicomImport: number;
  /**
   * Bytes of metadata that one DICOM file may bring, its pixel data not counted; a file with more is refused. The
   * service allows an image set 50 MB.
   */
  maxMetadataBytes: number;
  /** Bytes that a DICOM file of a deflated transfer syntax may inflate to; AWS states no limit but 4 GB a file. */
  maxInflatedDicomBytes: number;
  /** DICOM imports that may run in one data store; one more is refused with ServiceQuotaExceededException. */
  maxConcurrentDicomImports: number;
  /** FHIR imports and exports that may wait behind the running one of their kind. */
  fhirImportQueueLength: number;
  fhirExportQueueLength: number;

  /**
   * More or larger files than that and a FHIR import ends `FAILED`: 1,000,000 files, 50 GB in one, 5,000 GB in all.
   * (HealthLake developer guide, quotas.)
   */
  maxFilesPerFhirImport: number;
  maxFhirFileGB: number;
  maxFhirImportGB: number;
  /** The longest line of an ndjson file. The guide names 164 MB for a Binary, and no other size for the other types. */
  maxFhirResourceMB: number;
  /** How deep objects and lists of a resource may lie in one another. AWS does not say: this is 100 extensions. */
  maxFhirNesting: number;
  /** The URL of the extension that the validation level `minimal` appends to a resource that breaks R4. AWS shows none. */
  fhirSearchFailureUrl: string;

  /** How long a deleted data store or image set still answers, as DELETED. For HealthLake AWS says: 7 days. */
  deletedVisibleMs: Duration;
  /** The error for a client token that came before with other parameters. */
  imagingTokenReuseError: string;
  fhirTokenReuseError: string;
  /** How long a client token is remembered. AWS does not say. */
  tokenLifetimeMs: Duration;
  /** The error for writing to a LOCKED image set. */
  lockedImageSetError: string;
  /** The error for a `latestVersionId` that is not the latest. Seen in the field: ResourceNotFoundException. */
  staleVersionError: string;
  /** The error for calls on a data store that is not ACTIVE. */
  imagingDatastoreNotActiveError: string;
  fhirDatastoreNotActiveError: string;
  /** The error for one more FHIR job than the queue holds. */
  fhirQueueFullError: string;
  /** How an update that breaks a constraint on DICOM metadata ends: refused at once, or asynchronously. */
  metadataConstraintBreach: 'ValidationException' | 'UPDATE_FAILED';
  /** The workflow status of the source image set after a copy that failed. */
  sourceStatusAfterFailedCopy: 'COPIED' | 'COPY_FAILED';
  /** Whether DescribeFHIRImportJob shows the output location with the job's own folder, or as it was given. */
  fhirOutputExpanded: boolean;
  /** HTTP status of HealthLake's client errors: 400 for all, as its API reference says, or as the SDK's model says. */
  fhirErrorStatus: '400' | 'modelled';
}

/** Lively enough to watch on a laptop, slow enough to see each state go by. */
export const defaultSettings: Settings = {
  accountId: '123456789012',
  region: 'us-east-1',
  datastoreCreateMs: 2500,
  datastoreDeleteMs: 1500,
  dicomImportSubmittedMs: 500,
  dicomImportMs: 3500,
  copyMs: 2000,
  updateMs: 2000,
  deleteImageSetMs: 1000,
  metadataInconsistentMs: 0,
  fhirDatastoreCreateMs: 2500,
  fhirDatastoreDeleteMs: 1500,
  fhirImportSubmittedMs: 500,
  fhirImportMs: 3500,
  fhirExportSubmittedMs: 500,
  fhirExportMs: 3500,
  manifestLagMs: 0,
  writeEmptyNdjson: false,
  emptyInput: 'COMPLETED',
  missingInputBucket: 'FAILED',
  imageSetGrouping: 'listedElements',
  frameEncoding: 'service',
  frameSizeInBytes: 'decoded',
  checksumTypeOfKeptFrames: 'ORIGINAL',
  dicomWebInlineBytes: 1_000_000,
  dicomWebSearchKeys: 'listed',
  maxFilesPerDicomImport: 5000,
  maxMetadataBytes: 50_000_000,
  maxInflatedDicomBytes: 256_000_000,
  maxConcurrentDicomImports: 100,
  fhirImportQueueLength: 25,
  fhirExportQueueLength: 25,
  maxFilesPerFhirImport: 1_000_000,
  maxFhirFileGB: 50,
  maxFhirImportGB: 5000,
  maxFhirResourceMB: 164,
  maxFhirNesting: 200,
  fhirSearchFailureUrl: 'http://healthlake.amazonaws.com/search-validation-failure',
  deletedVisibleMs: 7 * 86_400_000,
  imagingTokenReuseError: 'ConflictException',
  fhirTokenReuseError: 'ValidationException',
  tokenLifetimeMs: 86_400_000,
  lockedImageSetError: 'ConflictException',
  staleVersionError: 'ResourceNotFoundException',
  imagingDatastoreNotActiveError: 'ConflictException',
  fhirDatastoreNotActiveError: 'ValidationException',
  fhirQueueFullError: 'ThrottlingException',
  metadataConstraintBreach: 'ValidationException',
  sourceStatusAfterFailedCopy: 'COPY_FAILED',
  fhirOutputExpanded: true,
  fhirErrorStatus: '400',
};

/** The settings that take one of a few words. */
const choices: { readonly [name: string]: readonly string[] } = {
  emptyInput: ['COMPLETED', 'FAILED'],
  missingInputBucket: ['COMPLETED', 'FAILED'],
  imageSetGrouping: ['listedElements', 'allElements'],
  frameEncoding: ['service', 'stored'],
  frameSizeInBytes: ['decoded', 'encoded'],
  dicomWebSearchKeys: ['listed', 'any'],
  metadataConstraintBreach: ['ValidationException', 'UPDATE_FAILED'],
  sourceStatusAfterFailedCopy: ['COPIED', 'COPY_FAILED'],
  fhirErrorStatus: ['400', 'modelled'],
} satisfies Partial<Record<keyof Settings, readonly string[]>>;

/** Thrown for a setting that does not exist or a value that it cannot take; the message is for the user. */
export class SettingError extends Error {}

/**
 * Reads settings as they come from a command line (`copyMs=50`) or from JSON.
 *
 * @throws SettingError that names the setting and what is right
 */
export function readSettings(values: Readonly<Record<string, unknown>>): Partial<Settings> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, readSetting(name, value)]));
}

function readSetting(name: string, value: unknown): unknown {
  const standard: unknown = Object.hasOwn(defaultSettings, name)
    ? defaultSettings[name as keyof Settings]
    : undefined;
  const words = choices[name];
  if (words) {
    if (words.includes(String(value))) return String(value);
    throw new SettingError(`${name} must be one of ${words.join(', ')}`);
  }
  if (typeof standard === 'number') return readNumber(name, value);
  if (typeof standard === 'boolean') {
    if (['true', 'false'].includes(String(value))) return String(value) === 'true';
    throw new SettingError(`${name} must be true or false`);
  }
  if (typeof standard === 'string') {
    if (typeof value === 'string' && value) return value;
    throw new SettingError(`${name} must be a text`);
  }
  throw new SettingError(
    `there is no setting ${JSON.stringify(name)}; there are ${Object.keys(defaultSettings).join(', ')}`,
  );
}

function readNumber(name: string, value: unknown): Duration {
  const isDuration = name.endsWith('Ms');
  if (isDuration && value === 'never') return value;
  const number = value === '' || value === null ? NaN : Number(value);
  if (number >= 0 && Number.isFinite(number)) return number;
  throw new SettingError(`${name} must be a number${isDuration ? ' of milliseconds, or never' : ''}`);
}
