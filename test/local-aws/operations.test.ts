/**
 * Tests every operation of HealthImaging and HealthLake through the SDK: each rule for its input, each id that may be unknown,
 * the errors that any call may get, and the pages of each list.
 */
import * as healthlake from '@aws-sdk/client-healthlake';
import * as medicalImaging from '@aws-sdk/client-medical-imaging';
import { operationSchemas, uriMembers } from '../../local-aws/protocols/schemas.ts';
import { member, type Service } from '../support/filled.ts';
import {
  activeFhirDatastore,
  exportReached,
  importReached,
  startFhirExport,
  startFhirImport,
} from './fhir-harness.ts';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll } from './imaging-harness.ts';
import { breaches, nameOf, valid, withBreach, type Breach } from './rule-breaches.ts';

const SDK = { 'medical-imaging': medicalImaging, healthlake } as const;

/** Every operation of the SDK, with the members that are in the path of its URL. */
const OPERATIONS = (Object.keys(SDK) as Service[]).flatMap((service) =>
  operationSchemas(SDK[service]).map((schema) => {
    const labels = uriMembers(schema).flatMap(([name, place]) => ('label' in place ? [name] : []));
    return { service, operation: schema[2], labels };
  }),
);

/** The possible results of an input that breaks no rule. Its ids and its `nextToken` have a valid form, but are unknown. */
const VALID =
  /^(ok$|ResourceNotFoundException|ValidationException: nextToken is not one that this list gave)/;

/** Each number selects one member of every union. The union with the most members has nine. */
const PICKS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

let aws: LocalAwsUnderTest;
beforeAll(async () => (aws = await localAws()));
afterAll(() => aws.close());

type Output = Readonly<Record<string, unknown>>;

function call(service: Service, operation: string, input: object): Promise<Output> {
  const client: { send(command: unknown): Promise<unknown> } =
    service === 'healthlake' ? aws.healthlake : aws.imaging;
  const Command = member({ ...SDK[service] }, `${operation}Command`) as new (input: object) => unknown;
  return client.send(new Command(input)) as Promise<Output>;
}

/** The name and message of the error, or `ok` if the call succeeds. */
const resultOf = (service: Service, operation: string, input: object): Promise<string> =>
  call(service, operation, input).then(
    () => 'ok',
    (error: Error) => `${error.name}: ${error.message}`,
  );

test('there are 31 operations', () => {
  expect(OPERATIONS).toHaveLength(31);
});

describe('rules for inputs', () => {
  test.each(OPERATIONS)(
    '$service $operation: a breach is refused by name',
    async ({ service, operation, labels }) => {
      const shape = `${operation}Request`;
      const asked = new Map<string, { input: object; name: string }>();
      for (const pick of PICKS) {
        const input = valid(service, shape, pick) as object;
        for (const breach of breaches(service, shape, pick)) {
          if (!isSent(breach, labels)) continue;
          const name = nameOf(breach);
          asked.set(`${name}: ${breach.rule}`, { input: withBreach(input, breach), name });
        }
        expect(await resultOf(service, operation, input)).toMatch(VALID);
      }
      const wrong = await Promise.all(
        [...asked].map(async ([breach, { input, name }]) => {
          const result = await resultOf(service, operation, input);
          return result.startsWith('ValidationException: ') && result.includes(name)
            ? []
            : [`${breach}: ${result}`];
        }),
      );
      expect(wrong.flat()).toEqual([]);
      expect(asked.size).toBeGreaterThan(0);
    },
  );
});

/**
 * Whether the SDK sends an input with this breach. It refuses a path that lacks a label, and adds a client token if there is
 * none.
 */
function isSent({ path, rule, value }: Breach, labels: readonly string[]): boolean {
  const name = String(path[0] ?? '');
  if (/^clientToken$/i.test(name) && rule === 'required') return false;
  return !(labels.includes(name) && (value === undefined || value === ''));
}

describe('errors that any call may meet', () => {
  test.each(OPERATIONS)('$service $operation: as the class of the SDK', async ({ service, operation }) => {
    const input = valid(service, `${operation}Request`, 0) as object;
    for (const error of ['ThrottlingException', 'InternalServerException', 'ValidationException']) {
      await aws.control.failNext({ operation: operation as never, error });
      const thrown = await call(service, operation, input).catch((reason: unknown) => reason);
      expect(thrown).toBeInstanceOf(member({ ...SDK[service] }, error));
    }
  });
});

describe('with things that are there', () => {
  const NONE = '0'.repeat(32);
  const role = 'arn:aws:iam::123456789012:role/data-access';
  const out = { S3Configuration: { S3Uri: 's3://out/x', KmsKeyId: 'key' } };
  let ids: Readonly<Record<'datastoreId' | 'imageSetId' | 'copyId' | 'DatastoreId' | 'ExportId', string>>;

  beforeAll(async () => {
    const datastoreId = await activeDatastore(aws);
    const files = ['1', '2', '3'].map((n) => [`${n}.dcm`, p10({ series: `1.${n}`, instance: `1.${n}.1` })]);
    await putFiles(aws.data, 'dicom', Object.fromEntries(files));
    for (const jobName of ['a', 'b', 'c'])
      await importAll(aws, { datastoreId, jobName, inputS3Uri: 's3://dicom/' });
    const { '1.1': imageSetId = '' } = await imageSetsBySeries(aws, datastoreId);
    const { imageSetProperties } = await lastVersion(datastoreId, imageSetId);
    const { destinationImageSetProperties } = await aws.imaging.copyImageSet({
      datastoreId,
      sourceImageSetId: imageSetId,
      copyImageSetInformation: { sourceImageSet: { latestVersionId: imageSetProperties } },
    });
    const copyId = destinationImageSetProperties?.imageSetId ?? '';
    for (const more of [1, 2]) await activeDatastore(aws, { datastoreName: `more-${more}` });
    for (const more of [1, 2]) await activeFhirDatastore(aws, { DatastoreName: `more-${more}` });
    const DatastoreId = await activeFhirDatastore(aws);
    let ExportId = '';
    for (const JobName of ['a', 'b', 'c']) {
      const JobId = await startFhirImport(aws, { DatastoreId, JobName, S3Uri: 's3://dicom/' });
      await importReached(aws, { DatastoreId, JobId }, 'COMPLETED_WITH_ERRORS');
      ExportId = await startFhirExport(aws, { DatastoreId, JobName });
      await exportReached(aws, { DatastoreId, JobId: ExportId }, 'COMPLETED');
    }
    ids = { datastoreId, imageSetId, copyId, DatastoreId, ExportId };
  });

  const lastVersion = async (datastoreId: string, imageSetId: string) => {
    const { versionId } = await aws.imaging.getImageSet({ datastoreId, imageSetId });
    return { imageSetProperties: versionId };
  };

  /** For each operation: a valid input, and for each resource that it refers to, the change that makes the resource unknown. */
  type Known = Readonly<
    Record<string, { readonly input: () => object; readonly unknown: Readonly<Record<string, object>> }>
  >;
  const set = () => ({ datastoreId: ids.datastoreId, imageSetId: ids.imageSetId });
  const copy = (sourceImageSet: object, destinationImageSet?: object) => ({
    datastoreId: ids.datastoreId,
    sourceImageSetId: ids.imageSetId,
    copyImageSetInformation: { sourceImageSet, ...(destinationImageSet && { destinationImageSet }) },
  });
  const noStore = { store: { datastoreId: NONE } };
  const noSet = { ...noStore, set: { imageSetId: NONE } };
  const noVersion = { ...noSet, version: { versionId: '99' } };
  const noFhir = { store: { DatastoreId: NONE } };
  const start = { dataAccessRoleArn: role, inputS3Uri: 's3://input/', outputS3Uri: 's3://out/x/' };
  const startFhir = {
    DataAccessRoleArn: role,
    InputDataConfig: { S3Uri: 's3://input/' },
    JobOutputDataConfig: out,
  };
  const arn = (id: string) => `arn:aws:medical-imaging:us-east-1:123456789012:datastore/${id}`;
  const fhirArn = (id: string) => `arn:aws:healthlake:us-east-1:123456789012:datastore/fhir/${id}`;
  const noArn = { store: { resourceArn: arn(NONE) }, set: { resourceArn: `${arn(NONE)}/imageset/${NONE}` } };
  const noFhirArn = { store: { ResourceARN: fhirArn(NONE) } };
  const updates = { updateImageSetMetadataUpdates: { revertToVersionId: '1' } };
  const KNOWN: Known = {
    GetDatastore: { input: () => ({ datastoreId: ids.datastoreId }), unknown: noStore },
    DeleteDatastore: { input: () => ({ datastoreId: ids.datastoreId }), unknown: noStore },
    StartDICOMImportJob: { input: () => ({ datastoreId: ids.datastoreId, ...start }), unknown: noStore },
    GetDICOMImportJob: {
      input: () => ({ datastoreId: ids.datastoreId, jobId: NONE }),
      unknown: { ...noStore, job: { jobId: NONE } },
    },
    ListDICOMImportJobs: { input: () => ({ datastoreId: ids.datastoreId }), unknown: noStore },
    SearchImageSets: { input: () => ({ datastoreId: ids.datastoreId }), unknown: noStore },
    GetImageSet: { input: set, unknown: noVersion },
    GetImageSetMetadata: { input: set, unknown: noVersion },
    ListImageSetVersions: { input: set, unknown: noSet },
    GetImageFrame: {
      input: () => ({ ...set(), imageFrameInformation: { imageFrameId: NONE } }),
      unknown: { ...noSet, frame: {} },
    },
    DeleteImageSet: { input: set, unknown: noSet },
    UpdateImageSetMetadata: { input: () => ({ ...set(), latestVersionId: '1', ...updates }), unknown: noSet },
    CopyImageSet: {
      input: () => copy({ latestVersionId: '3' }, { imageSetId: '1'.repeat(32), latestVersionId: '1' }),
      unknown: { ...noStore, source: { sourceImageSetId: NONE }, destination: {} },
    },
    TagResource: { input: () => ({ tags: { a: '1' } }), unknown: noArn },
    UntagResource: { input: () => ({ tagKeys: ['a'] }), unknown: noArn },
    ListTagsForResource: { input: () => ({}), unknown: noArn },
  };
  const KNOWN_FHIR: Known = {
    DescribeFHIRDatastore: { input: () => ({ DatastoreId: ids.DatastoreId }), unknown: noFhir },
    DeleteFHIRDatastore: { input: () => ({ DatastoreId: ids.DatastoreId }), unknown: noFhir },
    StartFHIRImportJob: { input: () => ({ DatastoreId: ids.DatastoreId, ...startFhir }), unknown: noFhir },
    StartFHIRExportJob: {
      input: () => ({ DatastoreId: ids.DatastoreId, DataAccessRoleArn: role, OutputDataConfig: out }),
      unknown: noFhir,
    },
    // The id of an export job is not found among import jobs.
    DescribeFHIRImportJob: {
      input: () => ({ DatastoreId: ids.DatastoreId, JobId: ids.ExportId }),
      unknown: { ...noFhir, job: { JobId: NONE }, export: {} },
    },
    DescribeFHIRExportJob: {
      input: () => ({ DatastoreId: ids.DatastoreId, JobId: ids.ExportId }),
      unknown: { ...noFhir, job: { JobId: NONE } },
    },
    ListFHIRImportJobs: { input: () => ({ DatastoreId: ids.DatastoreId }), unknown: noFhir },
    ListFHIRExportJobs: { input: () => ({ DatastoreId: ids.DatastoreId }), unknown: noFhir },
    TagResource: { input: () => ({ Tags: [{ Key: 'a', Value: '1' }] }), unknown: noFhirArn },
    UntagResource: { input: () => ({ TagKeys: ['a'] }), unknown: noFhirArn },
    ListTagsForResource: { input: () => ({}), unknown: noFhirArn },
  };
  const TABLE = { 'medical-imaging': KNOWN, healthlake: KNOWN_FHIR } as const;

  test('only creating and listing data stores names nothing', () => {
    const named = OPERATIONS.filter(({ service, operation }) => !Object.hasOwn(TABLE[service], operation));
    expect(named.map(({ operation }) => operation).toSorted()).toEqual([
      'CreateDatastore',
      'CreateFHIRDatastore',
      'ListDatastores',
      'ListFHIRDatastores',
    ]);
  });

  const unknowns = (Object.keys(TABLE) as Service[]).flatMap((service) =>
    Object.entries(TABLE[service]).flatMap(([operation, { input, unknown }]) =>
      Object.entries(unknown).map(([what, change]) => ({ service, operation, what, input, change })),
    ),
  );
  test.each(unknowns)(
    '$service $operation: an unknown $what is not found',
    async ({ service, operation, input, change }) => {
      expect(await resultOf(service, operation, { ...input(), ...change })).toMatch(
        /^ResourceNotFoundException: .* not found\.$/,
      );
    },
  );

  /** Each list with its input, the member that contains the items, and the member that identifies an item. */
  const LISTS: readonly (readonly [Service, string, () => object, items: string, id: string])[] = [
    ['medical-imaging', 'ListDatastores', () => ({}), 'datastoreSummaries', 'datastoreId'],
    [
      'medical-imaging',
      'ListDICOMImportJobs',
      () => ({ datastoreId: ids.datastoreId }),
      'jobSummaries',
      'jobId',
    ],
    ['medical-imaging', 'ListImageSetVersions', set, 'imageSetPropertiesList', 'versionId'],
    [
      'medical-imaging',
      'SearchImageSets',
      () => ({ datastoreId: ids.datastoreId }),
      'imageSetsMetadataSummaries',
      'imageSetId',
    ],
    ['healthlake', 'ListFHIRDatastores', () => ({}), 'DatastorePropertiesList', 'DatastoreId'],
    [
      'healthlake',
      'ListFHIRImportJobs',
      () => ({ DatastoreId: ids.DatastoreId }),
      'ImportJobPropertiesList',
      'JobId',
    ],
    [
      'healthlake',
      'ListFHIRExportJobs',
      () => ({ DatastoreId: ids.DatastoreId }),
      'ExportJobPropertiesList',
      'JobId',
    ],
  ];

  const idsOf = (output: Output, items: string, id: string) =>
    [output[items] ?? []].flat().map((item) => String(member(item, id)));

  test.each(LISTS)(
    '%s %s: pages of one item are the list, in its order',
    async (service, operation, input, items, id) => {
      const isFhir = service === 'healthlake';
      const [size, token] = isFhir ? ['MaxResults', 'NextToken'] : ['maxResults', 'nextToken'];
      const all = idsOf(await call(service, operation, input()), items, id);
      const paged: string[] = [];
      let page: Output = {};
      do {
        const from = page[token] === undefined ? {} : { [token]: page[token] };
        page = await call(service, operation, { ...input(), ...from, [size]: 1 });
        expect(idsOf(page, items, id)).toHaveLength(1);
        paged.push(...idsOf(page, items, id));
      } while (page[token] !== undefined);
      expect(paged).toEqual(all);
      expect(new Set(all).size).toBeGreaterThanOrEqual(3);

      for (const bad of ['x', 'W10', 'bnVsbA', 'eyJhIjoxfQ', Buffer.from('[{},"a"]').toString('base64url')]) {
        expect(await resultOf(service, operation, { ...input(), [token]: bad })).toMatch(
          /^ValidationException: nextToken is not one that this list gave/,
        );
      }
    },
  );
});
