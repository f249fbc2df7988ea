import type { Duration } from './timeline.ts';

/**
 * What a caller may change about the local AWS. `@basis` says what a default rests on: `documented` by AWS; `field`, seen
 * in programs that use AWS; `guess`, because AWS does not document it; `ours`, a choice that claims nothing about AWS.
 * A test makes the table in docs/local-aws.md from these comments.
 */
export interface Settings {
  /** The account and region that ARNs name. @basis ours */
  accountId: string;
  region: string;

  /** How long a HealthImaging data store is CREATING, and DELETING. @basis ours */
  datastoreCreateMs: Duration;
  datastoreDeleteMs: Duration;
  /** How long a DICOM import is SUBMITTED, and then IN_PROGRESS. @basis ours */
  dicomImportSubmittedMs: Duration;
  dicomImportMs: Duration;
  /** How long an image set is LOCKED while it is copied, updated or deleted. @basis ours */
  copyMs: Duration;
  updateMs: Duration;
  deleteImageSetMs: Duration;
  /**
   * How long GetImageSetMetadata answers "not consistent yet" after an import made or changed an image set.
   * @basis ours
   */
  metadataInconsistentMs: Duration;
  /** How long a HealthLake data store is CREATING, and DELETING. @basis ours */
  fhirDatastoreCreateMs: Duration;
  fhirDatastoreDeleteMs: Duration;
  /** How long a FHIR import is SUBMITTED, and then IN_PROGRESS. @basis ours */
  fhirImportSubmittedMs: Duration;
  fhirImportMs: Duration;
  /** How long a FHIR export is SUBMITTED, and then IN_PROGRESS. @basis ours */
  fhirExportSubmittedMs: Duration;
  fhirExportMs: Duration;
  /** How long after the end of an import or export its manifest and ndjson files appear in S3. @basis ours */
  manifestLagMs: Duration;

  /** Whether `failure.ndjson` and `success.ndjson` exist where they have no line. @basis guess */
  writeEmptyNdjson: boolean;
  /**
   * What becomes of an import whose bucket is there and whose prefix holds no file: an empty `COMPLETED`, or `FAILED`.
   * @basis guess
   */
  emptyInput: 'COMPLETED' | 'FAILED';
  /**
   * What becomes of an import whose bucket is not there. AWS does not say: it cannot list a bucket that is missing, so
   * `FAILED` is taken as the default; `COMPLETED` treats it as one without files.
   * @basis guess
   */
  missingInputBucket: 'COMPLETED' | 'FAILED';
  /**
   * What S3 does with a write to a bucket that is not there: it makes the bucket, because on a laptop nobody else could own
   * the name, or it answers `NoSuchBucket`, as AWS does. The outputs of jobs always make their bucket.
   * @basis ours
   */
  missingBucket: 'create' | 'error';
  /**
   * What instances of one image set have in common. AWS's "Understanding image sets" lists seven elements, and says on the
   * same page that primary image sets have consistent Patient, Study and Series metadata.
   * @basis guess
   */
  imageSetGrouping: 'listedElements' | 'allElements';
  /**
   * How an import keeps image frames, which GetImageFrame gives as they are kept. `service`: as HealthImaging does, most as
   * HTJ2K or JPEG 2000 Lossless; `stored`: all as they came, byte for byte.
   * @basis documented
   */
  frameEncoding: 'service' | 'stored';
  /**
   * What `FrameSizeInBytes` of a transcoded frame counts. AWS's developer guide says `decoded`, and one of its three samples
   * agrees; the other two, and a document that production code has kept, fit `encoded`, for which an import encodes each frame.
   * @basis guess
   */
  frameSizeInBytes: 'decoded' | 'encoded';
  /** `ChecksumType` of frames that keep their encoding: no document of the service shows one. @basis guess */
  checksumTypeOfKeptFrames: string;
  /**
   * Bytes of a binary value that DICOMweb metadata hold inline; a larger one has a BulkDataURI. AWS says 1 MB.
   * @basis documented
   */
  dicomWebInlineBytes: number;
  /**
   * What a DICOMweb search may ask for. `listed`: the attributes that AWS's pages list for it, any other is refused; `any`: every
   * attribute. AWS does not say what becomes of the others.
   * @basis guess
   */
  dicomWebSearchKeys: 'listed' | 'any';
  /** More files than that and a DICOM import ends `FAILED`, message `FILE_COUNTS_LIMIT…`. @basis documented */
  maxFilesPerDicomImport: number;
  /**
   * Bytes of metadata that one DICOM file may bring, its pixel data not counted; a file with more is refused. The
   * service allows an image set 50 MB.
   * @basis documented
   */
  maxMetadataBytes: number;
  /**
   * Bytes that a DICOM file of a deflated transfer syntax may inflate to; AWS states no limit but 4 GB a file.
   * @basis ours
   */
  maxInflatedDicomBytes: number;
  /**
   * DICOM imports that may run in one data store; one more is refused with ServiceQuotaExceededException.
   * @basis documented
   */
  maxConcurrentDicomImports: number;
  /** FHIR imports and exports that may wait behind the running one of their kind. @basis documented */
  fhirImportQueueLength: number;
  fhirExportQueueLength: number;

  /**
   * More or larger files than that and a FHIR import ends `FAILED`: 1,000,000 files, 50 GB in one, 5,000 GB in all.
   * (HealthLake developer guide, quotas.)
   * @basis documented
   */
  maxFilesPerFhirImport: number;
  maxFhirFileGB: number;
  maxFhirImportGB: number;
  /**
   * The longest line of an ndjson file. The guide names 164 MB for a Binary, and no other size for the other types.
   * @basis guess
   */
  maxFhirResourceMB: number;
  /**
   * How deep objects and lists of a resource may lie in one another. AWS does not say: this is 100 extensions.
   * @basis guess
   */
  maxFhirNesting: number;
  /**
   * The URL of the extension that the validation level `minimal` appends to a resource that breaks R4. AWS shows none.
   * @basis guess
   */
  fhirSearchFailureUrl: string;

  /** How many of the newest calls the log of calls holds; with each further one the oldest is dropped. @basis ours */
  maxLoggedCalls: number;

  /**
   * How long a deleted data store or image set still answers, as DELETED. For HealthLake AWS says: 7 days.
   * @basis guess
   */
  deletedVisibleMs: Duration;
  /** The error for a client token that came before with other parameters. @basis guess */
  imagingTokenReuseError: string;
  fhirTokenReuseError: string;
  /** How long a client token is remembered. AWS does not say. @basis guess */
  tokenLifetimeMs: Duration;
  /** The error for writing to a LOCKED image set. @basis guess */
  lockedImageSetError: string;
  /**
   * The error for a `latestVersionId` that is not the latest. Seen in the field: ResourceNotFoundException.
   * @basis field
   */
  staleVersionError: string;
  /** The error for calls on a data store that is not ACTIVE. @basis guess */
  imagingDatastoreNotActiveError: string;
  fhirDatastoreNotActiveError: string;
  /** The error for one more FHIR job than the queue holds. @basis guess */
  fhirQueueFullError: string;
  /** How an update that breaks a constraint on DICOM metadata ends: refused at once, or asynchronously. @basis guess */
  metadataConstraintBreach: 'ValidationException' | 'UPDATE_FAILED';
  /** The workflow status of the source image set after a copy that failed. @basis guess */
  sourceStatusAfterFailedCopy: 'COPIED' | 'COPY_FAILED';
  /**
   * Whether DescribeFHIRImportJob shows the output location with the job's own folder, or as it was given.
   * @basis guess
   */
  fhirOutputExpanded: boolean;
  /**
   * HTTP status of HealthLake's client errors: 400 for all, as its API reference says, or as the SDK's model says.
   * @basis guess
   */
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
  missingBucket: 'create',
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
  maxLoggedCalls: 10_000,
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

/** How long something is remembered, not how long it takes. */
const remembered = ['deletedVisibleMs', 'tokenLifetimeMs'];

/** Everything that takes time takes 10 ms, for tests that only want to see its end. */
export const fastSettings: Partial<Settings> = Object.fromEntries(
  Object.entries(defaultSettings)
    .filter(([name, value]) => name.endsWith('Ms') && Number(value) > 10 && !remembered.includes(name))
    .map(([name]) => [name, 10]),
);
