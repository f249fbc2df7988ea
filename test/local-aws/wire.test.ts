import { localAws, p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll } from './imaging-harness.ts';

/**
 * What the services' documents say about bytes, said again without the SDK: the server is made of the SDK's own codecs,
 * and a mirror would not see a fault that both sides share.
 */
describe('on the wire', () => {
  let aws: LocalAwsUnderTest;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(aws.endpoint + path, {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: (text ? JSON.parse(text) : undefined) as unknown,
    };
  };
  const healthLake = (operation: string, body: unknown) =>
    send('POST', '/', body, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `HealthLake.${operation}`,
    });

  describe('HealthImaging (restJson1)', () => {
    test('a data store: members in the body, times as seconds', async () => {
      const created = await send('POST', '/datastore', { clientToken: 't-1', datastoreName: 'wire' });
      expect(created).toMatchObject({ status: 200, json: { datastoreStatus: 'CREATING' } });
      expect(created.headers.get('content-type')).toBe('application/json');
      expect(created.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
      const { datastoreId } = created.json as { datastoreId: string };
      expect(datastoreId).toMatch(/^[0-9a-z]{32}$/);
      const read = await send('GET', `/datastore/${datastoreId}`);
      const { datastoreProperties } = read.json as { datastoreProperties: { createdAt: number } };
      expect(datastoreProperties).toMatchObject({
        datastoreArn: `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${datastoreId}`,
      });
      expect(Math.abs(datastoreProperties.createdAt - Date.now() / 1000)).toBeLessThan(3600);
    });

    test.each([
      ['an unknown id', 'GET', `/datastore/${'0'.repeat(32)}`, 404, 'ResourceNotFoundException'],
      ['an id that is none', 'GET', '/datastore/UPPER', 400, 'ValidationException'],
      ['a page size that is none', 'GET', '/datastore?maxResults=51', 400, 'ValidationException'],
      ['an ARN that is none', 'GET', '/tags/arn%3Aaws%3Ax', 400, 'ValidationException'],
    ])(
      'an error for %s: its type in a header, its message in the body',
      async (_what, method, path, status, type) => {
        const reply = await send(method, path);
        expect(reply).toMatchObject({ status, json: { message: expect.any(String) } });
        expect(reply.headers.get('x-amzn-errortype')).toBe(type);
      },
    );

    test('tags: the ARN as one encoded label, the keys to remove as repeated members of the query', async () => {
      const created = await send('POST', '/datastore', {
        clientToken: 't-2',
        tags: { a: '1', b: '2', c: '3' },
      });
      const { datastoreId } = created.json as { datastoreId: string };
      const arn = `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${datastoreId}`;
      const tags = `/tags/${encodeURIComponent(arn)}`;
      expect(await send('DELETE', `${tags}?tagKeys=a&tagKeys=b`)).toMatchObject({ status: 200 });
      expect(await send('POST', tags, { tags: { d: '4' } })).toMatchObject({ status: 200 });
      expect(await send('GET', tags)).toMatchObject({ status: 200, json: { tags: { c: '3', d: '4' } } });
    });

    test('a body that is not JSON, or not an object, is an error and not the end of the server', async () => {
      for (const body of ['{', 'null', '[]', '"text"', '{"clientToken": {"deep": []}}']) {
        expect(await send('POST', '/datastore', body)).toMatchObject({ status: 400 });
      }
    });

    test('an image set: read by POST without a body, an old version by ?version=, metadata gzipped', async () => {
      const datastoreId = await activeDatastore(aws);
      await putFiles(aws.data, 'wire', { 'a.dcm': p10({ series: '1.1', instance: '1.1.1' }) });
      const job = await importAll(aws, { datastoreId, inputS3Uri: 's3://wire/' });
      const read = await send('GET', `/getDICOMImportJob/datastore/${datastoreId}/job/${job.jobId}`);
      const { jobProperties } = read.json as { jobProperties: object };
      expect(jobProperties).toMatchObject({ jobStatus: 'COMPLETED', endedAt: expect.any(Number) });
      const { '1.1': imageSetId } = await imageSetsBySeries(aws, datastoreId);
      const set = `/datastore/${datastoreId}/imageSet/${imageSetId}`;
      expect(await send('POST', `${set}/getImageSet?version=1`)).toMatchObject({
        status: 200,
        json: { versionId: '1', imageSetState: 'ACTIVE', imageSetWorkflowStatus: 'CREATED', isPrimary: true },
      });
      expect(await send('POST', `${set}/getImageSet?version=2`)).toMatchObject({ status: 404 });
      // fetch inflates what the header declares; the SDK does not, and gives its callers the gzip.
      const metadata = await send('POST', `${set}/getImageSetMetadata`);
      expect(metadata.headers.get('content-type')).toBe('application/json');
      expect(metadata.headers.get('content-encoding')).toBe('gzip');
      expect(metadata.json).toMatchObject({ SchemaVersion: '1.1', ImageSetID: imageSetId });
      const copied = await send('POST', `${set}/copyImageSet?promoteToPrimary=true`, {
        sourceImageSet: { latestVersionId: '1' },
      });
      expect(copied).toMatchObject({
        status: 200,
        json: {
          sourceImageSetProperties: { imageSetWorkflowStatus: 'COPYING_WITH_READ_ONLY_ACCESS' },
          destinationImageSetProperties: { latestVersionId: '1', updatedAt: expect.any(Number) },
        },
      });
      const updates = { SchemaVersion: 1.1, Study: { DICOM: { StudyDescription: 'CHEST' } } };
      const updatableAttributes = Buffer.from(JSON.stringify(updates)).toString('base64');
      const promoted = (copied.json as { destinationImageSetProperties: { imageSetId: string } })
        .destinationImageSetProperties.imageSetId;
      const updated = await send(
        'POST',
        `/datastore/${datastoreId}/imageSet/${promoted}/updateImageSetMetadata?latestVersion=1&force=true`,
        { DICOMUpdates: { updatableAttributes } },
      );
      expect(updated).toMatchObject({
        status: 200,
        json: { latestVersionId: '2', imageSetState: 'LOCKED', imageSetWorkflowStatus: 'UPDATING' },
      });
      const missing = await send('POST', `${set}/copyImageSet`);
      expect(missing).toMatchObject({ status: 400, json: { message: 'copyImageSetInformation is missing' } });
    });
  });

  describe('HealthLake (awsJson1.0)', () => {
    test('a data store: everything by POST to /, times as seconds', async () => {
      const created = await healthLake('CreateFHIRDatastore', { DatastoreTypeVersion: 'R4' });
      expect(created).toMatchObject({ status: 200, json: { DatastoreStatus: 'CREATING' } });
      expect(created.headers.get('content-type')).toBe('application/x-amz-json-1.0');
      const { DatastoreId } = created.json as { DatastoreId: string };
      expect(await healthLake('DescribeFHIRDatastore', { DatastoreId })).toMatchObject({
        json: {
          DatastoreProperties: {
            DatastoreArn: `arn:aws:healthlake:us-east-1:123456789012:datastore/fhir/${DatastoreId}`,
            CreatedAt: expect.any(Number),
          },
        },
      });
      const future = await healthLake('ListFHIRDatastores', { Filter: { CreatedAfter: 4_000_000_000.5 } });
      expect(future.json).toEqual({ DatastorePropertiesList: [] });
    });

    test('an error: 400 whatever it is, unless set otherwise; type and Message in the body', async () => {
      const unknown = () => healthLake('DescribeFHIRDatastore', { DatastoreId: '0'.repeat(32) });
      expect(await unknown()).toMatchObject({
        status: 400,
        json: { __type: 'com.amazonaws.healthlake#ResourceNotFoundException', Message: expect.any(String) },
      });
      await aws.control.settings({ fhirErrorStatus: 'modelled' });
      expect(await unknown()).toMatchObject({ status: 404 });
      await aws.control.settings({ fhirErrorStatus: '400' });
      expect(await healthLake('DescribeFHIRDatastore', { DatastoreId: 7 })).toMatchObject({
        status: 400,
        json: { __type: 'com.amazonaws.healthlake#ValidationException' },
      });
      await aws.control.failNext({ operation: 'ListFHIRDatastores', error: 'InternalServerException' });
      expect(await healthLake('ListFHIRDatastores', {})).toMatchObject({ status: 500 });
    });
  });

  test('HealthLake: tags as a list, nothing but an empty object where there is nothing to say', async () => {
    const created = await healthLake('CreateFHIRDatastore', {
      DatastoreTypeVersion: 'R4',
      Tags: [{ Key: 'a', Value: '1' }],
    });
    const { DatastoreArn: ResourceARN } = created.json as { DatastoreArn: string };
    expect(await healthLake('ListTagsForResource', { ResourceARN })).toMatchObject({
      json: { Tags: [{ Key: 'a', Value: '1' }] },
    });
    expect(await healthLake('UntagResource', { ResourceARN, TagKeys: ['a'] })).toMatchObject({
      status: 200,
      json: {},
    });
  });

  describe('what it does not know, it says by name', () => {
    const signedFor = (service: string) => ({
      authorization: `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/${service}/aws4_request, Signature=x`,
    });
    const job = '/startDICOMImportJob/datastore/00000000000000000000000000000000';
    const update =
      '/datastore/00000000000000000000000000000000/imageSet/00000000000000000000000000000000/updateImageSetMetadata';

    test.each([
      ['importConfiguration', job, { importConfiguration: {} }],
      ['includeStudyImageSets', `${update}?latestVersion=1&includeStudyImageSets=true`, {}],
      ['DICOMUpdates.newerMember', `${update}?latestVersion=1`, { DICOMUpdates: { newerMember: 1 } }],
      ['(a name that is not shown)', '/datastore', { 'Jane Doe, 1970': 1 }],
      ['(a name that is not shown)', '/datastore?Jane%20Doe=1', {}],
    ])('HealthImaging: the member %s', async (name, path, body) => {
      const reply = await send('POST', path, body);
      expect(reply).toMatchObject({
        status: 400,
        json: {
          message: expect.stringMatching(`^The local AWS does not know the member ${escaped(name)} of `),
        },
      });
      expect(reply.headers.get('x-amzn-errortype')).toBe('ValidationException');
    });

    test.each([
      ['ProfileId', 'StartFHIRImportJob', { ProfileId: 'p' }],
      ['Filter.newerMember', 'ListFHIRDatastores', { Filter: { newerMember: 1 } }],
      ['Tags.newerMember', 'CreateFHIRDatastore', { Tags: [{ Key: 'k', Value: 'v', newerMember: 1 }] }],
    ])('HealthLake: the member %s', async (name, operation, body) => {
      expect(await healthLake(operation, body)).toMatchObject({
        status: 400,
        json: {
          __type: 'com.amazonaws.healthlake#ValidationException',
          Message: expect.stringContaining(`does not know the member ${name} of ${operation}`),
        },
      });
    });

    test('members without a value are none; nor are __type, headers, and what clients add to the query', async () => {
      const body = { clientToken: 't-3', importConfiguration: null, __type: 'x' };
      const path = '/datastore?x-id=CreateDatastore&X-Amz-Date=20260101T000000Z';
      expect(await send('POST', path, body, { 'x-amz-newer': '1' })).toMatchObject({ status: 200 });
      const tags = { anyKey: '1', another: '2' };
      expect(await send('POST', '/datastore', { clientToken: 't-4', tags })).toMatchObject({ status: 200 });
    });

    test.each([{}, signedFor('healthlake')])(
      'an operation of HealthLake, signed or not: %#',
      async (headers) => {
        const target = { 'x-amz-target': 'HealthLake.UpdateFHIRDatastore' };
        expect(await send('POST', '/', {}, { ...headers, ...target })).toMatchObject({
          status: 400,
          json: {
            __type: 'com.amazonaws.healthlake#UnknownOperationException',
            Message: expect.stringMatching(
              /^The local AWS does not know UpdateFHIRDatastore of healthlake; it knows .*StartFHIRImportJob/,
            ),
          },
        });
      },
    );

    test.each([{}, signedFor('medical-imaging')])(
      'an operation of HealthImaging, signed or not: %#',
      async (headers) => {
        const path = `/datastore/${'0'.repeat(32)}/newerThing`;
        const reply = await send('POST', path, {}, headers);
        const message = expect.stringMatching(`^The local AWS does not know POST ${path} of medical-imaging`);
        expect(reply).toMatchObject({ status: 404, json: { message } });
        expect(reply.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
      },
    );

    test('a service', async () => {
      const target = { 'x-amz-target': 'DynamoDB_20120810.ListTables' };
      expect(await send('POST', '/', {}, { ...signedFor('dynamodb'), ...target })).toMatchObject({
        status: 400,
        json: {
          Message: expect.stringContaining('is signed for the service dynamodb; the local AWS has only'),
        },
      });
      const path = `${aws.endpoint}/2015-03-31/functions`;
      const lambda = await fetch(path, { headers: signedFor('lambda') });
      expect([lambda.status, await lambda.text()]).toEqual([
        404,
        expect.stringContaining('the service lambda'),
      ]);
    });
  });

  test('a signed request goes to the service that it is signed for, whatever its path', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, Signature=x';
    await putFiles(aws.data, 'datastore', { key: 'text' });
    const response = await fetch(`${aws.endpoint}/datastore/key`, { headers: { authorization } });
    expect(await response.text()).toBe('text');
  });
});

const escaped = (text: string) => text.replaceAll(/[.()]/g, '\\$&');
