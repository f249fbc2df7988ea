import type { WaitKind } from '../pacing/pacing.ts';

/** The input rules of one flow. */
export interface FlowRules {
  /**
   * Each wait that a run makes at most, by its step, and how it is paced. Two waits of the same kind are two members: their
   * reads fill the same history. Waits that another writer or a lost reply makes a run repeat are not counted here; their
   * reads are limited by the run itself (`waitFor`).
   */
  readonly waits: Readonly<Record<string, WaitKind>>;
  /** JSON Schema, with the services' shapes by reference. */
  readonly schema: object;
}

/** A shape of a service's rules. */
export const imaging = (shape: string) => ({ $ref: `medical-imaging#/$defs/${shape}` });
export const healthlake = (shape: string) => ({ $ref: `healthlake#/$defs/${shape}` });

/** The members of every flow that awaits something. */
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

/** The members of every flow that imports from S3. */
export const imports = {
  ...waits,
  onFileErrors: { enum: ['report', 'fail', 'ignore'] },
  listFailedFiles: { type: 'integer', minimum: 0, maximum: 100 },
};

/** The members of every flow that reads blobs. */
export const blobs = {
  artifactsS3Uri: imaging('S3Uri'),
  // As the outputs of HealthLake's jobs have it: an id, an ARN or an alias.
  artifactsKmsKeyId: healthlake('EncryptionKeyID'),
  includePatient: { type: 'boolean' },
};

/** The members of every flow whose result lists image sets. */
export const imageSetLists = {
  summaries: { enum: ['full', 'ids'] },
  nextToken: imaging('NextToken'),
};

/** A moment, as text: the worker may be in another time zone than whoever has written it. */
export const time = { type: 'string', time: true };

/**
 * Marks a member that may hold patient data: `workflowIdOf` keeps it out of ids.
 *
 * Shapes of the service bear the mark where AWS's API models have the trait `smithy.api#sensitive` (`DICOMPatientId`,
 * `DICOMAttribute`, `CopiableAttributes`). S3 URIs, names, and tags of data stores do not have it: AWS asks for no patient
 * data in them, and copies them to logs and bills. To start the same import twice would be the greater harm there.
 */
export const sensitive = <Rule extends object>(rule: Rule) => ({ ...rule, sensitive: true });

/** DICOM attributes as the service's JSON: an object, its text, or the base64 of that; up to 30,000 bytes of text. */
export const attributesJson = sensitive({ type: ['string', 'object'], json: { maxBytes: 30_000 } });

/** A whole number; as text too, since that is what the published documents call it. */
export const wholeNumber = ({ minimum, maximum }: { minimum: number; maximum: number }) => ({
  wholeNumber: { minimum, maximum },
});

/** What is needed only where none of `members` is given: a run that re-attaches to something need not say how to start it. */
export const unlessGiven = (members: string[], required: string[]) => ({
  if: { not: { anyOf: members.map((member) => ({ required: [member] })) } },
  // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
  then: { required },
});

/** At least one of them. */
export const oneNeeded = (members: string[]) => ({ oneNeeded: members });

/** Members, each of which says another thing than those that it does not go with. */
export const excludes = (members: Readonly<Record<string, string[]>>) => ({ excludes: members });
