import { imaging, imports, unlessGiven, waits, type FlowRules } from './flow-members.ts';

/** The inputs of the flows of HealthImaging. */
export const IMAGING_FLOWS = {
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
    waits: ['imagingDatastore', 'dicomJob'],
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
} as const satisfies Record<string, FlowRules>;
