/** What each member of an input is for, its form, and an example: shown by `--help`, and in the tables of docs/flows. */
import type { Member } from './members.ts';

export interface MemberText {
  /** A sentence without its full stop. */
  readonly what: string;
  /** What to add where a flow does not need the member, as it does something else without. */
  readonly optionally?: string;
  /** How its value is written; none where the choices or the kind say it all. */
  readonly form?: string;
  /** The section of docs/flows.md that says more. */
  readonly see?: string;
  /** A value that the rules take. */
  readonly example: unknown;
}

const ID = '32 hexadecimal digits';
const TOKEN = '1 to 64 letters, digits, hyphens';
const PAGE_TOKEN = 'the text that the run before gave';
const ATTRIBUTES = "the service's JSON: an object, its text, or the base64 of that";
const DURATION = 'milliseconds, or text with a unit';
const TIME = 'ISO 8601 with an offset';

/** By the name of the member with a small first letter: the two services spell alike what differs only by a capital. */
const TEXTS: Readonly<Record<string, MemberText>> = {
  datastoreId: {
    what: 'the data store',
    optionally: 'with it none is created',
    form: ID,
    example: 'd0000000000000000000000000000000',
  },
  datastoreName: { what: 'the name of the new data store', example: 'radiology' },
  datastoreTypeVersion: { what: 'the version of FHIR that the new data store speaks', example: 'R4' },
  preloadDataType: { what: 'synthetic patients for the new data store to begin with', example: 'SYNTHEA' },
  sseConfiguration: {
    what: 'the key that encrypts the new data store',
    form: 'the JSON of the AWS API',
    example: { KmsEncryptionConfig: { CmkType: 'AWS_OWNED_KMS_KEY' } },
  },
  identityProviderConfiguration: {
    what: 'who may sign in to the new data store, such as SMART on FHIR',
    form: 'the JSON of the AWS API',
    example: { AuthorizationStrategy: 'AWS_AUTH' },
  },
  kmsKeyArn: {
    what: 'the key that encrypts the new data store',
    form: 'ARN of a KMS key',
    example: 'arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012',
  },
  lambdaAuthorizerArn: {
    what: 'the function that authorizes requests to the new data store',
    form: 'ARN of a Lambda function',
    example: 'arn:aws:lambda:eu-west-1:123456789012:function:authorizer',
  },
  losslessStorageFormat: { what: 'how the new data store keeps lossless frames', example: 'HTJ2K' },
  imageSetId: { what: 'the image set', form: ID, example: 'a0000000000000000000000000000000' },
  sourceImageSetId: {
    what: 'the image set that is copied',
    form: ID,
    example: 'a0000000000000000000000000000000',
  },
  destinationImageSetId: {
    what: 'the image set that it is copied into; without one the copy makes a new image set',
    form: ID,
    example: 'b0000000000000000000000000000000',
  },
  imageFrameId: { what: 'the frame that is read', form: ID, example: 'f0000000000000000000000000000000' },
  copiableAttributes: {
    what: 'which series and instances are copied; without it all are',
    form: "the service's JSON as text",
    example: '{"SchemaVersion": "1.1", "Study": {"Series": {}}}',
  },
  force: { what: 'change also what is protected, or does not match, otherwise', example: true },
  promoteToPrimary: { what: 'make the copy a primary image set, which gives it a new id', example: true },
  updatableAttributes: {
    what: 'the attributes that are set',
    form: ATTRIBUTES,
    example: { SchemaVersion: 1.1, Study: { DICOM: { StudyDescription: 'CHEST' } } },
  },
  removableAttributes: {
    what: 'the attributes that are removed',
    form: ATTRIBUTES,
    example: { SchemaVersion: 1.1, Study: { DICOM: { StudyDescription: 'CHEST' } } },
  },
  revertToVersionId: {
    what: 'the version to go back to, instead of a change',
    form: 'a number as text',
    example: '1',
  },
  dicomPatientId: { what: "the patient's id in DICOM", form: 'up to 64 characters', example: 'PAT-1' },
  includePatient: { what: 'whether the patient is in the extract of the metadata', example: true },
  artifactsKmsKeyId: {
    what: 'the KMS key that S3 encrypts blobs with; without it the one that the worker says (ARTIFACTS_KMS_KEY_ID)',
    form: 'id, alias or ARN',
    example: 'alias/artifacts',
  },
  artifactsS3Uri: {
    what: 'where blobs go; without it where the worker says (ARTIFACTS_S3_URI)',
    form: 'S3 URI',
    example: 's3://artifacts/',
  },
  inputS3Uri: {
    what: 'the folder that is imported: a prefix, so end it with a slash',
    form: 'S3 URI',
    example: 's3://incoming/day/',
  },
  outputS3Uri: {
    what: 'where the service puts what comes out, and its manifest',
    form: 'S3 URI',
    example: 's3://results/',
  },
  outputKmsKeyId: {
    what: 'the key that encrypts the output',
    form: 'id, alias or ARN of a KMS key',
    example: 'alias/results',
  },
  dataAccessRoleArn: {
    what: 'the role by which the service reads and writes S3',
    form: 'ARN of an IAM role',
    example: 'arn:aws:iam::123456789012:role/import',
  },
  inputOwnerAccountId: {
    what: 'the AWS account that owns the input bucket, where it is another',
    form: '12 digits',
    example: '123456789012',
  },
  validationLevel: { what: 'how strictly each resource is held against FHIR', example: 'strict' },
  jobName: { what: 'the name of the job; without it one is derived', example: 'nightly' },
  importJobName: { what: 'the name of the import job; without it one is derived', example: 'nightly' },
  exportJobName: { what: 'the name of the export job; without it one is derived', example: 'nightly' },
  jobId: {
    what: 'wait for this job in the data store: none is started',
    form: ID,
    example: 'c0000000000000000000000000000000',
  },
  clientToken: { what: 'the idempotency token; without it one is derived', form: TOKEN, example: 'once-1' },
  datastoreClientToken: {
    what: 'the idempotency token of the data store; without it one is derived',
    form: TOKEN,
    example: 'once-1',
  },
  createClientToken: {
    what: 'the idempotency token of the data store; without it one is derived',
    form: TOKEN,
    example: 'once-1',
  },
  importClientToken: {
    what: 'the idempotency token of the import; without it one is derived',
    form: TOKEN,
    example: 'once-2',
  },
  exportClientToken: {
    what: 'the idempotency token of the export; without it one is derived',
    form: TOKEN,
    example: 'once-2',
  },
  maxResults: { what: 'how many jobs are in one page of the list', form: '1 to 500', example: 100 },
  summaries: {
    see: 'lists',
    what: 'what the list says of each image set; ids names no patient',
    example: 'ids',
  },
  nextToken: { see: 'lists', what: 'go on with the list of a run before', form: PAGE_TOKEN, example: 'AAMA' },
  jobsNextToken: {
    see: 'lists',
    what: 'go on with the list of jobs of a run before',
    form: PAGE_TOKEN,
    example: 'AAMA',
  },
  submittedAfter: {
    what: 'only jobs that were submitted then or later',
    form: TIME,
    example: '2026-01-31T02:00:00Z',
  },
  submittedBefore: {
    what: 'only jobs that were submitted then or earlier',
    form: TIME,
    example: '2026-01-31T02:00:00Z',
  },
  tags: {
    what: 'tags, as the service has them',
    form: 'the JSON of the AWS API',
    example: { team: 'radiology' },
  },
  polling: {
    what: 'how waits are paced',
    form: 'JSON of minimumInterval, maximumInterval, share, timeout',
    example: { timeout: '2 days' },
  },
  onFileErrors: { what: 'what files mean that are not imported (default: report)', example: 'fail' },
  listFailedFiles: {
    what: 'how many of them the result names (default: 0)',
    form: '0 to 100',
    example: 10,
  },
  flow: { what: 'the flow that is started', example: 'importDicomAndSearch' },
  input: {
    what: "the flow's input, which may hold templates such as {yyyy}",
    form: 'JSON',
    example: { datastoreId: 'd0000000000000000000000000000000' },
  },
  cron: {
    what: 'when it fires',
    form: 'five fields, or a name such as @daily',
    example: '0 2 * * *',
  },
  every: { what: 'how often it fires, instead of cron', form: DURATION, example: '6 hours' },
  timeZone: {
    what: 'the clock of cron and templates (default: UTC)',
    form: 'IANA name',
    example: 'Europe/Berlin',
  },
  offset: {
    what: 'how far templates are away from the scheduled time',
    form: 'minutes, hours, days or weeks',
    example: '-1 day',
  },
  onlyNew: { what: 'skip a firing whose folder holds nothing new', example: true },
  jitter: {
    what: 'each firing comes late by up to this much (default: 1 minute)',
    form: DURATION,
    example: '5 minutes',
  },
  overlap: {
    what: 'what becomes of a firing that falls into another (default: BUFFER_ONE)',
    example: 'SKIP',
  },
  catchupWindow: {
    what: 'how late a missed firing is still made (default: 1 hour)',
    form: DURATION,
    example: '1 day',
  },
  pauseOnFailure: { what: 'pause the schedule when a firing fails (default: no)', example: true },
};

/** Where the services do not take the same for what is called alike. */
const OF_HEALTHLAKE: Readonly<Record<string, Partial<MemberText>>> = {
  tags: { example: [{ Key: 'team', Value: 'records' }] },
};

/** @throws Error for a member that has none: a test calls it for each */
export function textOf({ name: member, needed }: Pick<Member, 'name' | 'needed'>): MemberText {
  const name = member.charAt(0).toLowerCase() + member.slice(1);
  const text = TEXTS[name];
  if (!text) throw new Error(`${member} has no text in src/input-rules/member-texts.ts.`);
  const { what, optionally } = text;
  const isOptional = needed !== 'always' && optionally !== undefined;
  return {
    ...text,
    what: isOptional ? `${what}; ${optionally}` : what,
    ...(name !== member && OF_HEALTHLAKE[name]),
  };
}
