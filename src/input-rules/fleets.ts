import { excludes, healthlake, imaging, oneNeeded, type FlowRules } from './flow-members.ts';

/** An input holds at most this many folders. For more there is `importsS3Uri`. */
const MOST_INLINE = 1_000;

/** What is to be imported: an input has exactly one of the three. */
const oneSource = (root: string) => ({
  ...oneNeeded([root, 'imports', 'importsS3Uri']),
  ...excludes({ [root]: ['imports', 'importsS3Uri'], imports: ['importsS3Uri'] }),
});

/** Our own member, and so spelled in the same way for both services, as are the lines of `importsS3Uri`. */
const imports = {
  type: 'array',
  minItems: 1,
  maxItems: MOST_INLINE,
  items: {
    type: 'object',
    required: ['inputS3Uri'],
    properties: { inputS3Uri: imaging('S3Uri') },
    additionalProperties: false,
  },
};

const positive = { type: 'integer', minimum: 1 };

/** The members of every fleet of imports besides those of the service's own start operation. */
const planning = {
  importsS3Uri: imaging('S3Uri'),
  planOnly: { type: 'boolean' },
  planName: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
  filesPerJob: positive,
  bytesPerJob: positive,
  onUncut: { enum: ['refuse', 'skip'] },
  stagingS3Uri: imaging('S3Uri'),
  concurrency: positive,
  startsPerSecond: { type: 'number', exclusiveMinimum: 0, maximum: 1_000 },
  lookInterval: { duration: true },
};

/** The input rules of the workflows that import by the thousand. */
export const FLEET_RULES = {
  importAllDicom: {
    waits: {},
    schema: {
      type: 'object',
      required: ['datastoreId', 'dataAccessRoleArn', 'outputS3Uri'],
      ...oneSource('inputS3Uri'),
      properties: {
        datastoreId: imaging('DatastoreId'),
        dataAccessRoleArn: imaging('RoleArn'),
        inputS3Uri: imaging('S3Uri'),
        imports,
        outputS3Uri: imaging('S3Uri'),
        inputOwnerAccountId: imaging('AwsAccountId'),
        ...planning,
      },
      additionalProperties: false,
    },
  },
  importAllFhir: {
    waits: {},
    schema: {
      type: 'object',
      required: ['DatastoreId', 'DataAccessRoleArn', 'OutputS3Uri', 'OutputKmsKeyId'],
      ...oneSource('InputS3Uri'),
      properties: {
        DatastoreId: healthlake('DatastoreId'),
        DataAccessRoleArn: healthlake('IamRoleArn'),
        InputS3Uri: healthlake('S3Uri'),
        imports,
        OutputS3Uri: healthlake('S3Uri'),
        OutputKmsKeyId: healthlake('EncryptionKeyID'),
        ValidationLevel: healthlake('ValidationLevel'),
        ...planning,
      },
      additionalProperties: false,
    },
  },
} as const satisfies Record<string, FlowRules>;

export type FleetName = keyof typeof FLEET_RULES;

export const isFleetName = (name: string): name is FleetName => Object.hasOwn(FLEET_RULES, name);
