import { R4Validator, type Resource } from '../../local-aws/healthlake/r4/validator.ts';
import { SUPPORTED_TYPES } from '../../local-aws/healthlake/resource-types.ts';
import { activeFhirDatastore, importReached, startFhirImport } from './fhir-harness.ts';
import { localAws, putFiles, type LocalAwsUnderTest } from './harness.ts';

interface Bundle {
  readonly total: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly fullUrl: string; readonly resource: { readonly id: string } }[];
}

describe('the endpoint of a HealthLake data store answers by FHIR REST', () => {
  let aws: LocalAwsUnderTest;
  let endpoint: string;
  let datastoreId: string;
  const validator = new R4Validator({ allErrors: true });
  const patients = ['p1', 'p2', 'p3', 'p4', 'p5'];
  const decimal =
    '{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.250}}';

  beforeAll(async () => {
    aws = await localAws();
    datastoreId = await activeFhirDatastore(aws);
    const lines = patients.map((id) => JSON.stringify({ resourceType: 'Patient', id }));
    await putFiles(aws.data, 'input', { 'rest/all.ndjson': [...lines, decimal].join('\n') });
    const JobId = await startFhirImport(aws, { DatastoreId: datastoreId, S3Uri: 's3://input/rest/' });
    await importReached(aws, { DatastoreId: datastoreId, JobId }, 'COMPLETED');
    const described = await aws.healthlake.describeFHIRDatastore({ DatastoreId: datastoreId });
    endpoint = described.DatastoreProperties?.DatastoreEndpoint ?? '';
  });
  afterAll(() => aws.close());

  /** Sends a request, and expects an answer with FHIR's media type that is valid R4. */
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(path.startsWith('http') ? path : endpoint + path, init);
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('application/fhir+json');
    const resource: unknown = JSON.parse(text);
    expect(validator.errorsOf(resource as Resource)).toEqual([]);
    return { status: response.status, text, resource };
  };
  const search = async (path: string) => (await ask(path)).resource as Bundle;
  const ids = ({ entry = [] }: Bundle) => entry.map(({ resource }) => resource.id);

  test('at the path of AWS', () => {
    expect(endpoint).toBe(`${aws.endpoint}/datastore/${datastoreId}/r4/`);
  });

  test('a resource by its id, as it was imported, and by HEAD without its content', async () => {
    expect(await ask('Observation/o1')).toMatchObject({ status: 200, text: decimal });
    const head = await fetch(`${endpoint}Observation/o1`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('a search of a type, page by page along the links', async () => {
    const seen: string[] = [];
    let pages = 0;
    for (let next: string | undefined = 'Patient?_count=2'; next !== undefined; pages++) {
      const bundle: Bundle = await search(next);
      expect(bundle).toMatchObject({ type: 'searchset', total: patients.length });
      seen.push(...ids(bundle));
      next = bundle.link.find(({ relation }) => relation === 'next')?.url;
    }
    expect([seen, pages]).toEqual([patients, 3]);
  });

  test('a search by ids, which are alternatives; its entries link to the resources', async () => {
    const found = await search('Patient?_id=p2,p4,o1&_format=json');
    expect(found).toMatchObject({ total: 2, link: [{ relation: 'self' }] });
    for (const { fullUrl, resource } of found.entry ?? []) {
      expect((await ask(fullUrl)).resource).toEqual(resource);
    }
    expect(ids(found)).toEqual(['p2', 'p4']);
    expect(await search('Patient?_id=p1&_id=p2')).toMatchObject({ total: 0 });
    expect((await ask('Observation')).text).toContain(decimal);
  });

  test('metadata: a CapabilityStatement of reads and searches by id, of the types that HealthLake supports', async () => {
    const { status, resource } = await ask('metadata');
    const types = SUPPORTED_TYPES.map((type) =>
      expect.objectContaining({ type, interaction: [{ code: 'read' }, { code: 'search-type' }] }),
    );
    expect([status, resource]).toMatchObject([
      200,
      { implementation: { url: endpoint }, fhirVersion: '4.0.1', rest: [{ resource: types }] },
    ]);
  });

  test.each([
    ['GET', 'Patient/nobody', 404, /^There is no Patient of this id\.$/],
    ['GET', 'Patient?name=Doe', 400, /does not search by name; it knows _id, _count, _format, page/],
    ['GET', 'Patient?_count=0', 400, /_count must be one number from 1 to 100/],
    ['GET', 'Patient?_count=101', 400, /_count/],
    ['GET', 'Patient?_count=x', 400, /_count/],
    ['GET', 'Patient?_count=1&_count=2', 400, /_count/],
    ['GET', 'Patient?page=x', 400, /page is not one/],
    ['GET', 'Patient?_format=xml', 400, /json/],
    ['GET', 'NoType/1', 404, /GET \S+\/r4\/metadata/],
    ['GET', '', 404, /no FHIR server/],
    ['GET', 'Patient/p1/_history', 404, /no history/],
    ['GET', 'Patient/$everything', 404, /no operations/],
    ['POST', 'Patient', 405, /does not create/],
    ['POST', 'Patient/_search', 405, /no other searches/],
    ['PUT', 'Patient/p1', 405, /does not create, update or delete/],
    ['DELETE', 'Patient/p1', 405, /^DELETE is not answered/],
  ])('%s %s: %i, in an OperationOutcome that says why', async (method, path, status, said) => {
    expect(await ask(path, { method })).toMatchObject({
      status,
      resource: {
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', diagnostics: expect.stringMatching(said) }],
      },
    });
  });

  test('nothing of a data store that is not there, or is not ACTIVE any more', async () => {
    const unknown = `${aws.endpoint}/datastore/${'0'.repeat(32)}/r4/Patient/p1`;
    expect(await ask(unknown)).toMatchObject({ status: 404 });
    const DatastoreId = await activeFhirDatastore(aws, { PreloadDataConfig: { PreloadDataType: 'SYNTHEA' } });
    const preloaded = `${aws.endpoint}/datastore/${DatastoreId}/r4/Patient`;
    expect(await ask(preloaded)).toMatchObject({ status: 200, resource: { total: 3 } });
    await aws.healthlake.deleteFHIRDatastore({ DatastoreId });
    expect(await ask(preloaded)).toMatchObject({ status: 400 });
  });
});
