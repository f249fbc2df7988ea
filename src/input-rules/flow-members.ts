import type { WaitKind } from '../pacing/pacing.ts';

/** The input rules of one flow. */
export interface FlowRules {
  /**
   * The kind of each wait of the flow, by its step. Two waits of the same kind are two members, because the reads of both are
   * in the history. Waits that a run repeats after a conflict or a lost reply are not counted here: the run itself limits
   * their reads (`waitFor`).
   */
  readonly waits: Readonly<Record<string, WaitKind>>;
  /** JSON Schema, with the services' shapes by reference. */
  readonly schema: object;
}

/** A reference to a shape in a service's rules. */
export const imaging = (shape: string) => ({ $ref: `medical-imaging#/$defs/${shape}` });
export const healthlake = (shape: string) => ({ $ref: `healthlake#/$defs/${shape}` });

/** The input members of every flow that waits for something. */
export const waits = {
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

/** The input members of every flow that imports from S3. */
export const imports = {
  ...waits,
  onFileErrors: { enum: ['report', 'fail', 'ignore'] },
  listFailedFiles: { type: 'integer', minimum: 0, maximum: 100 },
};

/** The input members of every flow that reads blobs. */
export const blobs = {
  artifactsS3Uri: imaging('S3Uri'),
  // As for the outputs of HealthLake's jobs: an id, an ARN or an alias.
  artifactsKmsKeyId: healthlake('EncryptionKeyID'),
  includePatient: { type: 'boolean' },
};

/** The input members of every flow whose result lists image sets. */
export const imageSetLists = {
  summaries: { enum: ['full', 'ids'] },
  nextToken: imaging('NextToken'),
};

/** A time as text with an offset, because the worker may be in another time zone than the author of the input. */
export const time = { type: 'string', time: true };

/**
 * Marks a member that may hold patient data, which `workflowIdOf` keeps out of workflow ids.
 *
 * Shapes of the services have this mark where AWS's API models have the trait `smithy.api#sensitive` (`DICOMPatientId`,
 * `DICOMAttribute`, `CopiableAttributes`). S3 URIs, names, and tags of data stores do not have it: AWS asks its users to put no
 * patient data into them, and copies them to logs and bills. Without them in the workflow id, the same import could start twice.
 */
export const sensitive = <Rule extends object>(rule: Rule) => ({ ...rule, sensitive: true });

/** DICOM attributes in the service's JSON format: an object, JSON text, or its base64; up to 30,000 bytes of text. */
export const attributesJson = sensitive({ type: ['string', 'object'], json: { maxBytes: 30_000 } });

/** A whole number, also as text, because the published documents define it as a string. */
export const wholeNumber = ({ minimum, maximum }: { minimum: number; maximum: number }) => ({
  wholeNumber: { minimum, maximum },
});

/** Members that are required only if none of `members` is given: a run that attaches to a job needs no input to start one. */
export const unlessGiven = (members: string[], required: string[]) => ({
  if: { not: { anyOf: members.map((member) => ({ required: [member] })) } },
  // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
  then: { required },
});

/** At least one of these members is required. */
export const oneNeeded = (members: string[]) => ({ oneNeeded: members });

/** For each member, the members that must not be given together with it. */
export const excludes = (members: Readonly<Record<string, string[]>>) => ({ excludes: members });
