import {
  attributesJson,
  blobs,
  excludes,
  imageSetLists,
  imaging,
  imports,
  oneNeeded,
  time,
  sensitive,
  unlessGiven,
  waits,
  type FlowRules,
} from './flow-members.ts';

const datastoreId = imaging('DatastoreId');
const imageSetId = imaging('ImageSetId');

/** The members that create a data store, except for its client token, whose name differs from flow to flow. */
const newDatastore = {
  datastoreName: imaging('DatastoreName'),
  tags: imaging('TagMap'),
  kmsKeyArn: imaging('KmsKeyArn'),
  lambdaAuthorizerArn: imaging('LambdaArn'),
  losslessStorageFormat: imaging('LosslessStorageFormat'),
};

/** The members that start a DICOM import, except for its client token, or that wait for one. */
const dicomImport = {
  dataAccessRoleArn: imaging('RoleArn'),
  inputS3Uri: imaging('S3Uri'),
  outputS3Uri: imaging('S3Uri'),
  inputOwnerAccountId: imaging('AwsAccountId'),
  jobName: imaging('JobName'),
  jobId: imaging('JobId'),
  ...imports,
};
const startsImport = unlessGiven(['jobId'], ['dataAccessRoleArn', 'inputS3Uri', 'outputS3Uri']);

/** The input rules of the HealthImaging flows. */
export const IMAGING_FLOWS = {
  auditCompletedImports: {
    waits: {},
    schema: {
      type: 'object',
      required: ['datastoreId'],
      ...excludes({ nextToken: ['submittedAfter', 'submittedBefore', 'jobsNextToken'] }),
      properties: {
        datastoreId,
        submittedAfter: time,
        submittedBefore: time,
        jobsNextToken: imaging('NextToken'),
        ...imageSetLists,
      },
      additionalProperties: false,
    },
  },
  copyImageSet: {
    waits: {
      getSourceImageSet: 'imageSet',
      getDestinationImageSet: 'imageSet',
      pollDestination: 'imageSet',
      '+ownVersion': 'imageSet',
    },
    schema: {
      type: 'object',
      required: ['datastoreId', 'sourceImageSetId'],
      properties: {
        datastoreId,
        sourceImageSetId: imageSetId,
        destinationImageSetId: imageSetId,
        copiableAttributes: imaging('CopiableAttributes'),
        force: imaging('Boolean'),
        promoteToPrimary: imaging('Boolean'),
        ...waits,
      },
      additionalProperties: false,
    },
  },
  findImageSetByPatient: {
    waits: {},
    schema: {
      type: 'object',
      required: ['datastoreId', 'dicomPatientId'],
      properties: {
        datastoreId,
        dicomPatientId: imaging('DICOMPatientId'),
        nextToken: imaging('NextToken'),
        ...blobs,
      },
      additionalProperties: false,
    },
  },
  importDicomAndSearch: {
    waits: { pollImportJob: 'dicomJob' },
    schema: {
      type: 'object',
      required: ['datastoreId'],
      ...startsImport,
      // Without `jobId` the run would start another import.
      dependencies: { nextToken: ['jobId'] },
      properties: { datastoreId, clientToken: imaging('ClientToken'), ...dicomImport, ...imageSetLists },
      additionalProperties: false,
    },
  },
  inspectImageSet: {
    waits: { getImageSet: 'imageSet' },
    schema: {
      type: 'object',
      required: ['datastoreId', 'imageSetId', 'imageFrameId'],
      properties: { datastoreId, imageSetId, imageFrameId: imaging('ImageFrameId'), ...blobs, ...waits },
      additionalProperties: false,
    },
  },
  onboardDatastoreAndImport: {
    waits: { pollDatastore: 'imagingDatastore', pollImportJob: 'dicomJob' },
    schema: {
      type: 'object',
      allOf: [unlessGiven(['datastoreId'], ['datastoreName']), startsImport],
      dependencies: { jobId: ['datastoreId'] },
      properties: {
        ...newDatastore,
        datastoreClientToken: imaging('ClientToken'),
        ...dicomImport,
        importClientToken: imaging('ClientToken'),
        datastoreId,
      },
      additionalProperties: false,
    },
  },
  provisionDatastore: {
    waits: { pollDatastore: 'imagingDatastore' },
    schema: {
      type: 'object',
      required: ['datastoreName'],
      properties: { ...newDatastore, clientToken: imaging('ClientToken'), ...waits },
      additionalProperties: false,
    },
  },
  tagImageSet: {
    waits: { listTags: 'imageSet' },
    schema: {
      type: 'object',
      required: ['datastoreId', 'imageSetId', 'tags'],
      // Not sensitive in AWS's API model, but tags of an image set often describe its patient.
      properties: { datastoreId, imageSetId, tags: sensitive(imaging('TagMap')), ...waits },
      additionalProperties: false,
    },
  },
  updateImageSetMetadata: {
    waits: { getImageSet: 'imageSet', '+awaitUpdate': 'imageSet', '+ownVersion': 'imageSet' },
    schema: {
      type: 'object',
      required: ['datastoreId', 'imageSetId'],
      ...oneNeeded(['updatableAttributes', 'removableAttributes', 'revertToVersionId', 'nextToken']),
      ...excludes({
        revertToVersionId: ['updatableAttributes', 'removableAttributes'],
        nextToken: ['updatableAttributes', 'removableAttributes', 'revertToVersionId', 'force'],
      }),
      properties: {
        datastoreId,
        imageSetId,
        updatableAttributes: attributesJson,
        removableAttributes: attributesJson,
        revertToVersionId: imaging('ImageSetExternalVersionId'),
        force: imaging('Boolean'),
        nextToken: imaging('NextToken'),
        ...waits,
      },
      additionalProperties: false,
    },
  },
} as const satisfies Record<string, FlowRules>;
