import { healthlake, imports, unlessGiven, waits, wholeNumber, type FlowRules } from './flow-members.ts';
import serviceRules from './service-rules.json' with { type: 'json' };

/** The members that create a data store. */
const newDatastore = {
  DatastoreName: healthlake('DatastoreName'),
  DatastoreTypeVersion: healthlake('FHIRVersion'),
  PreloadDataType: healthlake('PreloadDataType'),
  SseConfiguration: healthlake('SseConfiguration'),
  IdentityProviderConfiguration: healthlake('IdentityProviderConfiguration'),
  Tags: healthlake('TagList'),
};
const NEW_DATASTORE_NEEDS = ['DatastoreName', 'DatastoreTypeVersion'];

/** The members that start an export. */
const fhirExport = {
  OutputS3Uri: healthlake('S3Uri'),
  OutputKmsKeyId: healthlake('EncryptionKeyID'),
  DataAccessRoleArn: healthlake('IamRoleArn'),
  JobId: healthlake('JobId'),
};
const EXPORT_NEEDS = ['OutputS3Uri', 'OutputKmsKeyId', 'DataAccessRoleArn'];

/** The members that start an import. */
const fhirImport = {
  ...fhirExport,
  InputS3Uri: healthlake('S3Uri'),
  ValidationLevel: healthlake('ValidationLevel'),
  ...imports,
};
const IMPORT_NEEDS = ['InputS3Uri', ...EXPORT_NEEDS];

const DatastoreId = healthlake('DatastoreId');
const ClientToken = healthlake('ClientTokenString');
const JobName = healthlake('JobName');
/** Requires `JobId`, because without it the run would start another job. */
const NextToken = healthlake('NextToken');
const MaxResults = wholeNumber(serviceRules.healthlake.$defs.MaxResultsInteger);

/** The input rules of the HealthLake flows. */
export const HEALTHLAKE_FLOWS = {
  createFhirDatastoreAndWaitActive: {
    waits: { pollDatastore: 'fhirDatastore' },
    schema: {
      type: 'object',
      ...unlessGiven(['DatastoreId'], NEW_DATASTORE_NEEDS),
      properties: { ...newDatastore, ClientToken, DatastoreId, ...waits },
      additionalProperties: false,
    },
  },
  deleteFhirDatastoreAndConfirm: {
    waits: { pollDatastore: 'fhirDatastore' },
    schema: {
      type: 'object',
      required: ['DatastoreId'],
      properties: { DatastoreId, ...waits },
      additionalProperties: false,
    },
  },
  provisionDatastoreAndExport: {
    waits: { pollDatastore: 'fhirDatastore', pollExportJob: 'fhirJob' },
    schema: {
      type: 'object',
      allOf: [unlessGiven(['DatastoreId'], NEW_DATASTORE_NEEDS), unlessGiven(['JobId'], EXPORT_NEEDS)],
      dependencies: { JobId: ['DatastoreId'] },
      properties: {
        ...newDatastore,
        CreateClientToken: ClientToken,
        ...fhirExport,
        ExportClientToken: ClientToken,
        ExportJobName: JobName,
        DatastoreId,
        ...waits,
      },
      additionalProperties: false,
    },
  },
  provisionDatastoreAndImport: {
    waits: { pollDatastore: 'fhirDatastore', pollImportJob: 'fhirJob' },
    schema: {
      type: 'object',
      allOf: [unlessGiven(['DatastoreId'], NEW_DATASTORE_NEEDS), unlessGiven(['JobId'], IMPORT_NEEDS)],
      dependencies: { JobId: ['DatastoreId'] },
      properties: {
        ...newDatastore,
        CreateClientToken: ClientToken,
        ...fhirImport,
        ImportClientToken: ClientToken,
        ImportJobName: JobName,
        DatastoreId,
      },
      additionalProperties: false,
    },
  },
  startExportPollAndList: {
    waits: { pollExportJob: 'fhirJob' },
    schema: {
      type: 'object',
      required: ['DatastoreId'],
      ...unlessGiven(['JobId'], EXPORT_NEEDS),
      dependencies: { NextToken: ['JobId'] },
      properties: { DatastoreId, ...fhirExport, ClientToken, JobName, MaxResults, NextToken, ...waits },
      additionalProperties: false,
    },
  },
  startImportAndWaitCompleted: {
    waits: { pollImportJob: 'fhirJob' },
    schema: {
      type: 'object',
      required: ['DatastoreId'],
      ...unlessGiven(['JobId'], IMPORT_NEEDS),
      properties: { DatastoreId, ...fhirImport, ClientToken, JobName },
      additionalProperties: false,
    },
  },
  startImportPollAndList: {
    waits: { pollImportJob: 'fhirJob' },
    schema: {
      type: 'object',
      required: ['DatastoreId'],
      ...unlessGiven(['JobId'], IMPORT_NEEDS),
      dependencies: { NextToken: ['JobId'] },
      properties: { DatastoreId, ...fhirImport, ClientToken, JobName, MaxResults, NextToken },
      additionalProperties: false,
    },
  },
} as const satisfies Record<string, FlowRules>;
