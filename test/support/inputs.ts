/** Valid inputs of the three founding flows. */
export const datastoreId = 'd'.repeat(32);
export const sourceImageSetId = 'a'.repeat(32);
export const destinationImageSetId = 'b'.repeat(32);
export const roleArn = 'arn:aws:iam::123456789012:role/import';

/** Reads often, and times out within the duration of a test. */
export const polling = { minimumInterval: 20, maximumInterval: 100, timeout: '1 minute' } as const;

export const copyInput = { datastoreId, sourceImageSetId, destinationImageSetId, polling };

export const onboardInput = {
  datastoreName: 'store',
  dataAccessRoleArn: roleArn,
  inputS3Uri: 's3://bucket/in/',
  outputS3Uri: 's3://bucket/out/',
  polling,
};

/** An invalid input, as it may come from JSON. The cast passes it through TypeScript, so that a test can check the validation. */
export const untyped = (input: object) => input as never;

/** An import of a bucket's `in/` folder into an existing data store of HealthLake. */
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
