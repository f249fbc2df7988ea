import type { WaitKind } from '../pacing.ts';
import { pacingProblems, type Polling } from '../polling.ts';
import { compileRules, type Problem } from './ajv.ts';

const imaging = (shape: string) => ({ $ref: `medical-imaging#/$defs/${shape}` });
const healthlake = (shape: string) => ({ $ref: `healthlake#/$defs/${shape}` });

/** The members of every flow that awaits something. */
const waits = {
  polling: {
    type: 'object',
    properties: {
      minimumInterval: { duration: true },
      maximumInterval: { duration: true },
      share: { type: 'number', minimum: 0, maximum: 1 },
      timeout: { duration: true },
    },
    additionalProperties: false,
  },
};

/** The members of every flow that imports from S3. */
const imports = {
  ...waits,
  onFileErrors: { enum: ['report', 'fail', 'ignore'] },
  listFailedFiles: { type: 'integer', minimum: 0, maximum: 100 },
};

/** What a run that re-attaches to something need not say. */
const unlessGiven = (member: string, required: string[]) => ({
  if: { not: { required: [member] } },
  // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
  then: { required },
});

/** What one flow takes: JSON Schema, with the services' shapes by reference, and the waits that `polling` applies to. */
interface FlowRules {
  readonly waits: readonly WaitKind[];
  readonly schema: object;
}

/**
 * The input of every flow: the document's own names, every optional member of its operations that the SDK sends, and
 * ours. What the document requires only to start a job is not required of a run that re-attaches to one.
 */
export const FLOW_RULES = {
  copyImageSet: {
    waits: ['imageSet'],
    schema: {
      type: 'object',
      required: ['datastoreId', 'sourceImageSetId', 'destinationImageSetId'],
      properties: {
        datastoreId: imaging('DatastoreId'),
        sourceImageSetId: imaging('ImageSetId'),
        destinationImageSetId: imaging('ImageSetId'),
        copiableAttributes: imaging('CopiableAttributes'),
        force: imaging('Boolean'),
        ...waits,
      },
      additionalProperties: false,
    },
  },
  onboardDatastoreAndImport: {
    waits: ['imagingDatastore', 'job'],
    schema: {
      type: 'object',
      allOf: [
        unlessGiven('datastoreId', ['datastoreName']),
        unlessGiven('jobId', ['dataAccessRoleArn', 'inputS3Uri', 'outputS3Uri']),
      ],
      dependencies: { jobId: ['datastoreId'] },
      properties: {
        datastoreName: imaging('DatastoreName'),
        datastoreClientToken: imaging('ClientToken'),
        tags: imaging('TagMap'),
        kmsKeyArn: imaging('KmsKeyArn'),
        lambdaAuthorizerArn: imaging('LambdaArn'),
        losslessStorageFormat: imaging('LosslessStorageFormat'),
        dataAccessRoleArn: imaging('RoleArn'),
        importClientToken: imaging('ClientToken'),
        inputS3Uri: imaging('S3Uri'),
        outputS3Uri: imaging('S3Uri'),
        inputOwnerAccountId: imaging('AwsAccountId'),
        jobName: imaging('JobName'),
        datastoreId: imaging('DatastoreId'),
        jobId: imaging('JobId'),
        ...imports,
      },
      additionalProperties: false,
    },
  },
  startImportAndWaitCompleted: {
    waits: ['job'],
    schema: {
      type: 'object',
      required: ['DatastoreId'],
      ...unlessGiven('JobId', ['InputS3Uri', 'OutputS3Uri', 'OutputKmsKeyId', 'DataAccessRoleArn']),
      properties: {
        DatastoreId: healthlake('DatastoreId'),
        InputS3Uri: healthlake('S3Uri'),
        OutputS3Uri: healthlake('S3Uri'),
        OutputKmsKeyId: healthlake('EncryptionKeyID'),
        DataAccessRoleArn: healthlake('IamRoleArn'),
        ClientToken: healthlake('ClientTokenString'),
        JobName: healthlake('JobName'),
        ValidationLevel: healthlake('ValidationLevel'),
        JobId: healthlake('JobId'),
        ...imports,
      },
      additionalProperties: false,
    },
  },
} as const satisfies Record<string, FlowRules>;

export type FlowName = keyof typeof FLOW_RULES;

export function isFlowName(name: string): name is FlowName {
  return Object.hasOwn(FLOW_RULES, name);
}

const compiled = new Map<FlowName, (input: unknown) => Problem[]>();

/**
 * Holds the input of a flow against all its rules.
 *
 * @returns every problem, by member and rule, never with a value; empty for an input that the flow takes
 */
export function flowProblems(flow: FlowName, input: unknown): Problem[] {
  const { schema, waits: kinds } = FLOW_RULES[flow];
  let check = compiled.get(flow);
  if (!check) compiled.set(flow, (check = compileRules(schema)));
  const problems = check(input);
  const polling = problems.some(({ member }) => !member || member.startsWith('polling'))
    ? undefined
    : pollingOf(input);
  return polling
    ? [...problems, ...pacingProblems(polling, kinds).map((rule) => ({ member: 'polling', rule }))]
    : problems;
}

/** All problems in one line, for a person: `datastoreId is missing; sourceImageSetId must match …`. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(({ member, rule }) => `${member || 'the input'} ${rule}`).join('; ');
}

function pollingOf(input: unknown): Polling | undefined {
  return typeof input === 'object' &&
    input !== null &&
    'polling' in input &&
    typeof input.polling === 'object'
    ? (input.polling ?? undefined)
    : undefined;
}
