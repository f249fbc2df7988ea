import { healthlake, imports, unlessGiven, type FlowRules } from './flow-members.ts';

/** The inputs of the flows of HealthLake. */
export const HEALTHLAKE_FLOWS = {
  startImportAndWaitCompleted: {
    waits: ['fhirJob'],
    schema: {
      type: 'object',
      required: ['DatastoreId'],
      ...unlessGiven(['JobId'], ['InputS3Uri', 'OutputS3Uri', 'OutputKmsKeyId', 'DataAccessRoleArn']),
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
