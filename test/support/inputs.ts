/** Inputs of the three founding flows that every rule lets through. */
export const datastoreId = 'd'.repeat(32);
export const sourceImageSetId = 'a'.repeat(32);
export const destinationImageSetId = 'b'.repeat(32);
export const roleArn = 'arn:aws:iam::123456789012:role/import';

/** Reads often, and gives up within a test. */
export const polling = { minimumInterval: 20, maximumInterval: 100, timeout: '1 minute' } as const;

export const copyInput = { datastoreId, sourceImageSetId, destinationImageSetId, polling };

export const onboardInput = {
  datastoreName: 'store',
  dataAccessRoleArn: roleArn,
  inputS3Uri: 's3://bucket/in/',
  outputS3Uri: 's3://bucket/out/',
  polling,
};

/** An input as JSON from outside may hold it, which the types would refuse: what becomes of it is what a test is about. */
export const untyped = (input: object) => input as never;

/** An import of a bucket's `in/` folder into a data store of HealthLake that is there. */
export const fhirImportOf = (DatastoreId: string, bucket: string) => ({
  DatastoreId,
  InputS3Uri: `s3://${bucket}/in/`,
  OutputS3Uri: 's3://fhir-results/',
  OutputKmsKeyId: 'alias/key',
  DataAccessRoleArn: roleArn,
  polling,
});

export const fhirInput = {
  DatastoreId: datastoreId,
  InputS3Uri: 's3://bucket/in/',
  OutputS3Uri: 's3://bucket/out/',
  OutputKmsKeyId: 'alias/key',
  DataAccessRoleArn: roleArn,
  polling,
};
