import type { Duration } from './timeline.ts';

/**
 * The settings of the local AWS. `@basis` says what a default is based on: `documented` by AWS; `field`, seen in programs that
 * use AWS; `guess`, because AWS does not document it; `ours`, a choice that claims nothing about AWS. A test makes the table in
 * docs/local-aws.md from these comments.
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

  /** Whether an import writes `failure.ndjson` and `success.ndjson` even if they have no line. @basis guess */
  writeEmptyNdjson: boolean;
  /**
   * How an import ends if its bucket exists, but no object has the prefix: `COMPLETED` with no files, or `FAILED`.
   * @basis guess
   */
  emptyInput: 'COMPLETED' | 'FAILED';
  /**
   * How an import ends if its bucket does not exist. AWS does not say. It cannot list a missing bucket, so the default is
   * `FAILED`; `COMPLETED` treats the bucket as an empty one.
   * @basis guess
   */
  missingInputBucket: 'COMPLETED' | 'FAILED';
  /**
   * What S3 does with a write to a bucket that does not exist: it creates the bucket, because on a laptop nobody else could own
   * the name, or it answers `NoSuchBucket`, as AWS does. The outputs of jobs always create their bucket.
   * @basis ours
   */
  missingBucket: 'create' | 'error';
  /**
   * What KMS does with a key or an alias that does not exist: it creates an enabled key, or it answers `NotFoundException`, as AWS
   * does.
   * @basis ours
   */
  missingKmsKey: 'create' | 'error';
  /**
   * Which data elements must be equal in all instances of an image set. AWS's "Understanding image sets" lists seven elements,
   * and says on the same page that primary image sets have consistent Patient, Study and Series metadata.
   * @basis guess
   */
  imageSetGrouping: 'listedElements' | 'allElements';
  /**
   * How an import stores image frames, which GetImageFrame returns as they are stored. `service`: as HealthImaging does, most as
   * HTJ2K or JPEG 2000 Lossless; `stored`: all as they are in the file, byte for byte.
   * @basis documented
   */
  frameEncoding: 'service' | 'stored';
  /**
   * What `FrameSizeInBytes` of a transcoded frame counts: the bytes of its decoded pixels, or of its encoded form. AWS's
   * developer guide says `decoded`, and one of its three samples agrees; the other two, and a document that production code has
   * kept, fit `encoded`, for which an import encodes each frame.
   * @basis guess
   */
  frameSizeInBytes: 'decoded' | 'encoded';
  /** `ChecksumType` of frames that keep their encoding. No document of the service shows this value. @basis guess */
  checksumTypeOfKeptFrames: string;
  /**
   * The size in bytes up to which DICOMweb metadata contain a binary value inline. A larger value has a BulkDataURI.
   * AWS says 1 MB.
   * @basis documented
   */
  dicomWebInlineBytes: number;
  /**
   * By what a DICOMweb search may select. `listed`: the attributes that AWS's pages list for it, any other is refused; `any`:
   * every attribute. AWS does not say what happens to the others.
   * @basis guess
   */
  dicomWebSearchKeys: 'listed' | 'any';
  /** A DICOM import of more files ends `FAILED`, message `FILE_COUNTS_LIMIT…`. @basis documented */
  maxFilesPerDicomImport: number;
  /**
   * The limit for the metadata of one DICOM file in bytes, without its pixel data. A file with more is refused. The service
   * allows an image set 50 MB.
   * @basis documented
   */
  maxMetadataBytes: number;
  /**
   * The limit for the inflated size in bytes of a DICOM file with a deflated transfer syntax. AWS states no limit but 4 GB for a
   * file.
   * @basis ours
   */
  maxInflatedDicomBytes: number;
  /**
   * How many DICOM imports may run in one data store. One more is refused with ServiceQuotaExceededException.
   * @basis documented
   */
  maxConcurrentDicomImports: number;
  /** How many FHIR imports, and how many exports, may wait while another one of them runs. @basis documented */
  fhirImportQueueLength: number;
  fhirExportQueueLength: number;

  /**
   * A FHIR import of more or larger files ends `FAILED`: 1,000,000 files, 50 GB in one, 5,000 GB in all. (HealthLake developer
   * guide, quotas.)
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
   * How deep the objects and lists of a resource may be nested. AWS does not say. 200 allows 100 extensions, nested in one
   * another.
   * @basis guess
   */
  maxFhirNesting: number;
  /**
   * The URL of the extension that the validation level `minimal` appends to a resource that breaks R4. AWS does not document it.
   * @basis guess
   */
  fhirSearchFailureUrl: string;

  /**
   * The services' rates of requests and their quotas. `off`: all calls are answered; `documented`: as on AWS; `scaled:30`: with
   * rates that are thirty times as high.
   * @basis documented
   */
  limits: 'off' | 'documented' | `scaled:${number}`;
  /**
   * The SQS queue to which an EventBridge event goes for each change of state. The local AWS makes the queue. Without a name,
   * there are no events.
   * @basis ours
   */
  eventQueue: string;
  /**
   * Whether events of DICOM imports show the output location with the job's own folder, or as it was given. AWS's sample shows
   * the latter; production code relies on the former.
   * @basis field
   */
  eventOutputExpanded: boolean;

  /** How many calls the log of calls holds. Each further call removes the oldest one. @basis ours */
  maxLoggedCalls: number;

  /**
   * How long a deleted data store or image set can still be read, with the status DELETED. For HealthLake AWS says: 7 days.
   * @basis guess
   */
  deletedVisibleMs: Duration;
  /** The error for a client token that was used before with other parameters. @basis guess */
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
  /**
   * How an update that breaks a constraint on DICOM metadata fails: at once with an error, or later as UPDATE_FAILED.
   * @basis guess
   */
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

/** Short enough to wait for on a laptop, and long enough to see each state. */
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
  missingKmsKey: 'create',
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
  limits: 'off',
  eventQueue: '',
  eventOutputExpanded: true,
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

/** The durations that say how long something is remembered, and not how long it takes. */
const remembered = ['deletedVisibleMs', 'tokenLifetimeMs'];

/** Everything that takes time takes 10 ms, for tests that need only its result. */
export const fastSettings: Partial<Settings> = Object.fromEntries(
  Object.entries(defaultSettings)
    .filter(([name, value]) => name.endsWith('Ms') && Number(value) > 10 && !remembered.includes(name))
    .map(([name]) => [name, 10]),
);
