/** Requests that no SDK sends get a well-formed error of their service, and the server keeps running. */
import { Agent, request } from 'node:http';
import * as healthlake from '@aws-sdk/client-healthlake';
import * as medicalImaging from '@aws-sdk/client-medical-imaging';
import fc from 'fast-check';
import { operationSchemas, type OperationSchema } from '../../local-aws/protocols/schemas.ts';
import { activeFhirDatastore } from './fhir-harness.ts';
import { HOSTILE, NAUGHTY } from '../support/hostile.ts';
import { localAws, p10, putFiles, type LocalAwsUnderTest } from './harness.ts';
import { activeDatastore, imageSetsBySeries, importAll } from './imaging-harness.ts';
import { valid } from './rule-breaches.ts';

/** The number of requests that a test makes. `FUZZ_RUNS=10000` makes more of them. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 80);

interface Wire {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly error: string;
  readonly text: string;
}

describe('requests that no SDK sends', () => {
  let aws: LocalAwsUnderTest;
  let agent: Agent;
  let ids: Readonly<Record<'datastoreId' | 'imageSetId' | 'DatastoreId', string>>;

  beforeAll(async () => {
    aws = await localAws();
    agent = new Agent({ keepAlive: true });
    const datastoreId = await activeDatastore(aws);
    await putFiles(aws.data, 'dicom', { '1.dcm': p10({ series: '1.1', instance: '1.1.1' }) });
    await importAll(aws, { datastoreId, inputS3Uri: 's3://dicom/' });
    const { '1.1': imageSetId = '' } = await imageSetsBySeries(aws, datastoreId);
    const DatastoreId = await activeFhirDatastore(aws, { PreloadDataConfig: { PreloadDataType: 'SYNTHEA' } });
    ids = { datastoreId, imageSetId, DatastoreId };
  });
  afterAll(async () => {
    agent.destroy();
    await aws.close();
  });

  const ask = ({ method, path, headers: given, body = '' }: Wire): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(aws.endpoint);
      // Node itself would send the body of a GET without its length.
      const headers = { ...given, 'content-length': Buffer.byteLength(body) };
      const sent = request({ agent, hostname, port, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            error: String(response.headers['x-amzn-errortype'] ?? ''),
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });

  /** Whether a reply of HealthImaging or HealthLake is a success, or a client error (4xx) with its name and a message. */
  const isClean = ({ status, error, text }: Reply, message: 'message' | 'Message'): boolean => {
    if (status === 200) return true;
    const body: Readonly<Record<string, unknown>> = JSON.parse(text);
    const isError = /^[A-Z]\w+$/.test(error) && typeof body[message] === 'string' && body[message] !== '';
    return status >= 400 && status < 500 && isError;
  };

  const held = async (wires: fc.Arbitrary<Wire>, clean: (reply: Reply) => boolean, numRuns = RUNS) => {
    await fc.assert(
      fc.asyncProperty(wires, async (wire) => {
        const reply = await ask(wire);
        if (!clean(reply)) throw new Error(`${reply.status} ${reply.error} ${reply.text.slice(0, 500)}`);
      }),
      { numRuns },
    );
    expect(await aws.control.health()).toEqual({ status: 'running' });
  };

  const signedFor = (service: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/${service}/aws4_request, Signature=x`,
  });

  const deep = fc
    .constantFrom(['[', ']'], ['{"a":', '}'])
    .chain(([open, close]) =>
      fc.constantFrom(50, 5_000, 100_000).map((depth) => `${open.repeat(depth)}1${close.repeat(depth)}`),
    );
  const numbers = fc.constantFrom(
    '1e999',
    '-1e999',
    '-0',
    '9'.repeat(400),
    '1e-400',
    '9007199254740993',
    '0.1',
  );
  /** Any JSON, and texts that are not JSON. */
  const texts = fc.oneof(
    fc.json(),
    deep,
    numbers,
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '',
      ' ',
      '{',
      '{}',
      '[]',
      'null',
      'NaN',
      '{"__proto__":{"a":1}}',
      '\uFEFF{}',
      '{"a":1,"a":2}',
    ),
  );
  const bodies = fc.oneof(texts, fc.uint8Array({ maxLength: 64 }));

  /** A valid input, as JSON, with one of its values replaced by any text. */
  const spoiled = (service: 'healthlake' | 'medical-imaging', [, , operation]: OperationSchema) =>
    fc.record({ pick: fc.nat(8), at: fc.nat(40), text: texts }).map(({ pick, at, text }) => {
      const values: string[] = [];
      const mark = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(mark);
        if (typeof value === 'object' && value?.constructor === Object) {
          return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mark(item)]));
        }
        values.push(JSON.stringify(value));
        return `@${values.length - 1}@`;
      };
      const marked = JSON.stringify(mark(valid(service, `${operation}Request`, pick)));
      return marked.replaceAll(/"@(\d+)@"/g, (_, i) =>
        Number(i) === at % values.length ? text : (values[Number(i)] ?? ''),
      );
    });

  const fhirOperations = operationSchemas(healthlake);
  const imagingOperations = operationSchemas(medicalImaging);

  test('HealthLake: any body for any operation', async () => {
    const wires = fc.constantFrom(...fhirOperations).chain((schema) =>
      fc.oneof(bodies, spoiled('healthlake', schema)).map((body) => ({
        method: 'POST',
        path: '/',
        headers: { 'x-amz-target': `HealthLake.${schema[2]}`, 'content-type': 'application/x-amz-json-1.0' },
        body,
      })),
    );
    await held(wires, (reply) => isClean(reply, 'Message'), 2 * RUNS);
  });

  test('every service: texts that are made to break a program', async () => {
    const targets = [
      'HealthLake.CreateFHIRDatastore',
      'AmazonSQS.SendMessage',
      'TrentService.GenerateDataKey',
    ];
    const waysFor = (body: string): Wire[] => [
      ...targets.map((target) => ({ method: 'POST', path: '/', headers: { 'x-amz-target': target }, body })),
      { method: 'POST', path: '/datastore', headers: signedFor('medical-imaging'), body },
    ];
    const attack = async (wire: Wire) => {
      const { status, text } = await ask(wire);
      expect([status < 500, /\n +at /.test(text), text.length < 10_000]).toEqual([true, false, true]);
    };
    // One service for each, in turn.
    for (const [number, body] of Object.values(HOSTILE).entries()) {
      for (const wire of waysFor(body).slice(number % 4, (number % 4) + 1)) await attack(wire);
    }
    for (const [number, text] of NAUGHTY.entries()) {
      const toS3 = { method: 'GET', path: `/${encodeURIComponent(text)}`, headers: signedFor('s3') };
      const ways = [...waysFor(JSON.stringify({ [text]: text, KeyId: text, MessageBody: text })), toS3];
      for (const wire of ways.slice(number % 5, (number % 5) + 1)) await attack(wire);
    }
    expect(await aws.control.health()).toEqual({ status: 'running' });
  });

  test('HealthLake: any method, path and target', async () => {
    const name = fc.string({ unit: 'grapheme-ascii' }).filter((text) => text.trim() === text);
    const wires = fc
      .record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'),
        path: fc.webPath().map((path) => `/${path}`),
        target: fc.oneof(
          name,
          name.map((operation) => `HealthLake.${operation}`),
        ),
        type: fc.oneof(name, fc.constant('application/x-amz-json-1.1')),
        body: bodies,
      })
      .map(({ method, path, target, type, body }) => ({
        method,
        path,
        headers: { ...signedFor('healthlake'), 'x-amz-target': target, 'content-type': type },
        body,
      }));
    await held(wires, (reply) => isClean(reply, 'Message'));
  });

  /** The values of labels in the path of a URL: the id of an existing resource, or any text. */
  const labels = fc.oneof(
    fc.constantFrom('datastoreId', 'imageSetId').map((name) => (name === 'imageSetId' ? '{set}' : '{store}')),
    fc.constantFrom('0'.repeat(32), '%', '%2F', '%00', '..', '%E9', 'x'.repeat(5000), 'a%20b'),
    fc.webSegment(),
  );
  const known = (text: string) =>
    text.replaceAll('{store}', ids.datastoreId).replaceAll('{set}', ids.imageSetId);
  const queries = fc
    .array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom('maxResults', 'nextToken', 'latestVersion', 'version', 'force', 'tagKeys'),
          fc.webSegment(),
        ),
        fc.oneof(numbers, fc.webSegment(), fc.constantFrom('true', '1', '-1', '51', '%', '%FF', '')),
      ),
      { maxLength: 3 },
    )
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));

  test('HealthImaging: any labels, query and body for any operation', async () => {
    const wires = fc.constantFrom(...imagingOperations).chain((schema) => {
      const [method, uri] = httpOf(schema);
      const holes = uri.split('?')[0]?.split(/\{[^}]+\}/) ?? [];
      return fc
        .record({
          filled: fc.array(labels, { minLength: holes.length, maxLength: holes.length }),
          query: queries,
          body: fc.oneof(bodies, spoiled('medical-imaging', schema)),
        })
        .map(({ filled, query, body }) => ({
          method,
          path:
            holes.map((hole, i) => hole + (i < holes.length - 1 ? filled[i] : '')).join('') +
            (query && `?${query}`),
          headers: { ...signedFor('medical-imaging'), 'content-type': 'application/json' },
          ...(method !== 'GET' && { body }),
        }));
    });
    const real = wires.map((wire) => ({ ...wire, path: known(wire.path) }));
    await held(real, (reply) => isClean(reply, 'message'), 4 * RUNS);
  });

  test('HealthImaging: any method and path', async () => {
    const wires = fc
      .record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
        path: fc.array(
          fc.oneof(labels, fc.constantFrom('datastore', 'tags', 'imageSet', 'job', 'copyImageSet')),
        ),
        body: bodies,
      })
      .map(({ method, path, body }) => ({
        method,
        path: known(`/${path.join('/')}`),
        headers: signedFor('medical-imaging'),
        body,
      }));
    await held(wires, (reply) => isClean(reply, 'message'));
  });

  test('HealthImaging: any attributes for an update or a copy of an image set', async () => {
    const updates = fc.oneof(
      texts.map((text) => ({ updatableAttributes: text })),
      texts.map((text) => ({ removableAttributes: text })),
      fc.tuple(texts, fc.constantFrom('Patient', 'Study')).map(([text, level]) => ({
        updatableAttributes: `{"SchemaVersion":1.1,"${level}":{"DICOM":${text}}}`,
      })),
    );
    const update = updates.map((attributes) => {
      const encoded = Object.entries(attributes).map(([name, text]) => [
        name,
        Buffer.from(text).toString('base64'),
      ]);
      return {
        path: 'updateImageSetMetadata?latestVersion=1',
        body: JSON.stringify({ DICOMUpdates: Object.fromEntries(encoded) }),
      };
    });
    const copy = fc
      .oneof(
        texts,
        texts.map((text) => `{"SchemaVersion":1.1,"Study":{"Series":${text}}}`),
      )
      .map((copiableAttributes) => ({
        path: 'copyImageSet',
        body: JSON.stringify({
          sourceImageSet: { latestVersionId: '1', DICOMCopies: { copiableAttributes } },
        }),
      }));
    const wires = fc.oneof(update, copy).map(({ path, body }) => ({
      method: 'POST',
      path: `/datastore/${ids.datastoreId}/imageSet/${ids.imageSetId}/${path}`,
      headers: { ...signedFor('medical-imaging'), 'content-type': 'application/json' },
      body,
    }));
    await held(wires, (reply) => isClean(reply, 'message'), 2 * RUNS);
  });

  test('FHIR: any method, path and query at the endpoint of a data store', async () => {
    const wires = fc
      .record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'),
        store: fc.constantFrom('{fhir}', '0', '%', 'x'.repeat(3000)),
        path: fc.array(fc.oneof(labels, fc.constantFrom('Patient', 'metadata', '$export', '_history'))),
        query: fc.array(fc.tuple(fc.constantFrom('_id', '_count', 'page', '_format', 'x'), fc.webSegment())),
      })
      .map(({ method, store, path, query }) => ({
        method,
        path: `/datastore/${store.replace('{fhir}', ids.DatastoreId)}/r4/${path.join('/')}?${query.map((pair) => pair.join('=')).join('&')}`,
      }));
    await held(wires, ({ status, type, text }) => {
      const { resourceType }: { resourceType?: string } = JSON.parse(text);
      const isRight =
        status === 200 ? resourceType !== 'OperationOutcome' : resourceType === 'OperationOutcome';
      return status < 500 && type === 'application/fhir+json' && isRight;
    });
  });

  test('unsigned: any method, path and headers get JSON or XML', async () => {
    const header = fc.constantFrom(
      'authorization',
      'x-amz-target',
      'content-type',
      'range',
      'x-amz-date',
      'x-id',
    );
    const value = fc.string({ unit: 'grapheme-ascii' }).map((text) => text.trim());
    const wires = fc
      .record({
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
        path: fc.array(fc.oneof(fc.webSegment(), fc.constantFrom('datastore', 'tags', '%', '..')), {
          maxLength: 4,
        }),
        query: queries,
        headers: fc.dictionary(header, value),
        body: bodies,
      })
      .map(({ path, query, ...wire }) => ({ ...wire, path: `/${path.join('/')}${query && `?${query}`}` }));
    await held(wires, ({ status, text, error }) => {
      if (status < 300) return true;
      const isXml = /^<\?xml [^]*<Error><Code>\w+<\/Code>/.test(text);
      return status >= 400 && status < 500 && (isXml || /^[A-Z]\w+$/.test(error));
    });
  });
});

function httpOf([, , name, traits]: OperationSchema): [method: string, uri: string] {
  const http = typeof traits === 'object' ? traits.http : undefined;
  if (!http) throw new Error(`${name} has no route`);
  return [http[0], http[1]];
}
