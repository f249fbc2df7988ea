import fc from 'fast-check';
import { jsonFacts, trimSpace } from '../../local-aws/healthlake/json-text.ts';
import { readLines } from '../../local-aws/healthlake/ndjson.ts';
import { seed } from '../durability/chance.ts';
import { importFile } from './fhir-harness.ts';
import { localAws, type LocalAwsUnderTest } from './harness.ts';

/** What a file may suffer on its way: its parts are flipped, cut away, doubled, or have others put between them. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut'), at: fc.nat(), length: fc.nat(200) }),
  fc.record({ kind: fc.constant('double'), at: fc.nat(), length: fc.nat(200) }),
  fc.record({
    kind: fc.constant('put'),
    at: fc.nat(),
    what: fc.constantFrom(
      '{',
      '[',
      '"',
      '\\',
      '\n',
      '\0',
      ',',
      'null',
      '\u2028',
      '{"a":',
      '[[[[',
      '1e999',
      'ü',
    ),
  }),
);
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

function damaged(bytes: Buffer, done: Damage): Buffer {
  const at = done.at % (bytes.byteLength + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if ('what' in done) return Buffer.concat([before, Buffer.from(done.what), after]);
  if ('bit' in done) {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ (1 << done.bit);
    return copy;
  }
  return done.kind === 'cut'
    ? Buffer.concat([before, after.subarray(done.length)])
    : Buffer.concat([before, after.subarray(0, done.length), after]);
}

const lines = [
  { resourceType: 'Patient', id: 'p', name: [{ family: 'Müller', given: ['Ada'] }], birthDate: '1970-01-31' },
  {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    valueQuantity: { value: 61.5, unit: '/min' },
    extension: [{ url: 'urn:x', extension: [{ url: 'y', valueString: 'z' }] }],
  },
  { resourceType: 'Bundle', id: 'b', type: 'collection', entry: [{ resource: { resourceType: 'Patient' } }] },
];
const whole = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

describe(`FHIR files that are damaged, SEED=${seed}`, () => {
  let aws: LocalAwsUnderTest;
  beforeAll(async () => (aws = await localAws()));
  afterAll(() => aws.close());

  test('are imported to their last line: each is a resource as it stands there, or has an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(damage, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('strict' as const, 'minimal' as const),
        async (damages, level) => {
          const bytes = damages.reduce(damaged, whole);
          const { status, report, success, failure, warned, resources } = await importFile(aws, bytes, level);
          const text = bytes.toString('utf8');
          if (!Buffer.from(text).equals(bytes)) {
            expect([report.TotalNumberOfFilesReadWithCustomerError, resources.size]).toEqual([1, 0]);
            return;
          }
          const ids = [...success, ...warned.keys(), ...failure.keys()].toSorted((a, b) => a - b);
          const split = text.split('\n');
          expect(ids).toEqual(split.flatMap((line, i) => (trimSpace(line) === '' ? [] : [i + 1])));
          expect(status).toBe(failure.size > 0 ? 'COMPLETED_WITH_ERRORS' : 'COMPLETED');
          expect(report).toMatchObject({
            TotalNumberOfResourcesScanned: ids.length,
            TotalNumberOfResourcesImported: success.length + warned.size,
            TotalNumberOfResourcesWithCustomerError: failure.size,
          });
          for (const lineId of success) {
            const json = trimSpace(split[lineId - 1] ?? '');
            expect(() => JSON.parse(json)).not.toThrow();
          }
          for (const json of resources.values()) {
            const isUnchanged = split.some((line) => trimSpace(line) === json);
            expect(isUnchanged || (level === 'minimal' && warned.size > 0)).toBe(true);
          }
        },
      ),
      { seed, numRuns: 100 },
    );
  });
});

describe(`an ndjson file that comes in pieces, SEED=${seed}`, () => {
  test('has the same lines wherever it is cut', async () => {
    const text = fc.stringMatching(/^\uFEFF?([aü\r\n\u2028]|😀)*$/);
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (text, size) => {
        const bytes = Buffer.from(text);
        async function* pieces() {
          for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
        }
        const read: (string | undefined)[] = [];
        for await (const group of readLines(pieces(), 9)) read.push(...group);
        const expected = text.replace(/^\uFEFF/, '').split('\n');
        const allowed = expected.map((line) => (Buffer.byteLength(line) > 9 ? undefined : line));
        // The byte order mark counts for the length of its line.
        if (text.startsWith('\uFEFF') && Buffer.byteLength(expected[0] ?? '') > 6)
          [read[0], allowed[0]] = ['', ''];
        expect(read).toEqual(allowed);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe(`the facts of a JSON text, SEED=${seed}`, () => {
  const bounds = { depth: 1000, values: 1_000_000 };

  /** Objects as lists of members, so that a name may come twice; and how deep they are. */
  const member = fc.tuple(fc.constantFrom('a', 'b', 'extension', '\\u0061', 'x\\"', '":'), fc.anything());
  const text = (value: unknown): string => JSON.stringify(value) ?? 'null';

  test('are those that reading it with a stack finds', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 5 }), fc.constantFrom('', ' ', '\n\t'), (members, space) => {
        const name = (written: string) =>
          written.startsWith('\\u') || written === 'x\\"' ? written : text(written).slice(1, -1);
        const json = `{${members.map(([key, value]) => `${space}"${name(key)}"${space}:${space}${text(value)}`).join(',')}}`;
        const names = members.map(([key]) => JSON.parse(`"${name(key)}"`) as string);
        const twice = names.find((each, i) => names.indexOf(each) !== i);
        expect(jsonFacts(json, bounds).repeated).toBe(twice);
        const deep = 1 + Math.max(0, ...members.map(([, value]) => depthOf(JSON.parse(text(value)))));
        expect(jsonFacts(json, { ...bounds, depth: deep }).excess).toBeUndefined();
        expect(jsonFacts(json, { ...bounds, depth: deep - 1 }).excess).toBe('depth');
        const { extensionEnd } = jsonFacts(json, bounds);
        const last = members.findLast(([key]) => key === 'extension')?.[1];
        if (twice === undefined) {
          expect(extensionEnd !== undefined).toBe(Array.isArray(last));
          if (extensionEnd !== undefined) {
            const more = `${json.slice(0, extensionEnd)}${text(last) === '[]' ? '' : ','}1${json.slice(extensionEnd)}`;
            expect(JSON.parse(more)).toEqual({
              ...(JSON.parse(json) as object),
              extension: [...(JSON.parse(text(last)) as unknown[]), 1],
            });
          }
        }
      }),
      { seed, numRuns: 1000 },
    );
  });

  test('are found of any text, in one pass', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', ' ', 'a') }),
        (any) => {
          expect(() => jsonFacts(any, bounds)).not.toThrow();
        },
      ),
      { seed, numRuns: 1000 },
    );
  });
});

function depthOf(value: unknown): number {
  return typeof value === 'object' && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
    : 0;
}
