import { gzipSync } from 'node:zlib';
import { syntheaResources } from '../../local-aws/healthlake/synthea.ts';
import { importFile, type WrittenIssue } from './fhir-harness.ts';
import { localAws, type LocalAwsUnderTest } from './harness.ts';

const bases: Readonly<Record<string, object>> = {
  Patient: {},
  Observation: { status: 'final', code: { text: 'Heart rate' } },
  Bundle: { type: 'collection' },
};

/** A resource that R4 has nothing against, with something else in it. */
const resource = (resourceType: string, more: object = {}) => ({
  resourceType,
  id: 'x',
  ...bases[resourceType],
  ...more,
});
const patient = (more: object) => resource('Patient', more);
const observation = (more: object) => resource('Observation', more);

const minimum = (profile: string, element: string) =>
  `Profile http://hl7.org/fhir/StructureDefinition/${profile}, Element '${element}': minimum required = 1, but only found 0`;

let aws: LocalAwsUnderTest;
beforeAll(async () => (aws = await localAws()));
afterAll(() => aws.close());
afterEach(() => aws.control.settings({ maxFhirResourceMB: 164, maxFhirNesting: 200 }));

const ndjson = (resources: readonly object[]) =>
  resources.map((each) => `${JSON.stringify(each)}\n`).join('');

/** The issues of a line alone. */
async function issuesOf(line: object | string): Promise<readonly WrittenIssue[]> {
  const { failure } = await importFile(aws, typeof line === 'string' ? line : JSON.stringify(line));
  return failure.get(1) ?? [];
}

describe('a FHIR import holds resources against R4', () => {
  /** By place, what is wrong. */
  const refused: readonly (readonly [
    what: string,
    resource: object,
    ...errors: (readonly [string, string])[],
  ])[] = [
    [
      'elements that are required',
      resource('Observation', { status: undefined, code: undefined }),
      ['Observation', minimum('Observation', 'Observation.status')],
      ['Observation', minimum('Observation', 'Observation.code')],
    ],
    [
      'elements that are required within others',
      patient({ communication: [{ preferred: true }] }),
      ['Patient.communication[0]', minimum('Patient', 'Patient.communication[0].language')],
    ],
    [
      'a choice of which one is required',
      resource('MedicationStatement', { status: 'active', subject: { display: 'x' } }),
      ['MedicationStatement', minimum('MedicationStatement', 'MedicationStatement.medication[x]')],
    ],
    [
      'a choice that is made twice',
      patient({ deceasedBoolean: true, deceasedDateTime: '2024' }),
      [
        'Patient',
        "Profile http://hl7.org/fhir/StructureDefinition/Patient, Element 'Patient.deceased[x]': max allowed = 1, but found 2",
      ],
    ],
    ['an element that R4 does not have', patient({ foo: 1 }), ['/Patient', "Unrecognised property '@foo'"]],
    [
      'an element of another resource type',
      patient({ name: [{ family: 'Doe', birthDate: '1970' }] }),
      ['/Patient/name[0]', "Unrecognised property '@birthDate'"],
    ],
    [
      'a value where a list should be',
      patient({ name: 'John' }),
      ['/Patient/name', 'This property must be an Array, not a primitive property'],
    ],
    [
      'a list where a value should be',
      patient({ gender: ['male'] }),
      ['/Patient/gender', 'This property must be an simple value, not a com.google.gson.JsonArray'],
    ],
    [
      'an object where a list should be',
      patient({ telecom: { value: '1' } }),
      ['/Patient/telecom', 'This property must be an Array, not an Object'],
    ],
    [
      'a value where an object should be',
      observation({ code: 'x' }),
      ['/Observation/code', 'This property must be an Object, not a primitive property'],
    ],
    [
      'a string where a boolean should be',
      patient({ active: 'true' }),
      ['/Patient/active', 'Error parsing JSON: the primitive value must be a boolean'],
    ],
    [
      'a string where a number should be',
      observation({ valueQuantity: { value: '1.5' } }),
      ['/Observation/valueQuantity/value', 'Error parsing JSON: the primitive value must be a number'],
    ],
    [
      'a fraction where an integer should be',
      patient({ multipleBirthInteger: 1.5 }),
      ['/Patient/multipleBirthInteger', "Not a valid integer ('1.5')"],
    ],
    [
      'null',
      patient({ birthDate: null }),
      ['/Patient/birthDate', 'This property must be an simple value, not a com.google.gson.JsonNull'],
    ],
    [
      'a code that is not in the value set',
      patient({ gender: 'm' }),
      [
        '/Patient/gender',
        "The value provided ('m') is not in the value set http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1, and a code is required from this value set",
      ],
    ],
    [
      'a status that the JSON schema of R4 does not list',
      resource('Procedure', { status: 'done', subject: { display: 'x' } }),
      [
        '/Procedure/status',
        "The value provided ('done') is not in the value set http://hl7.org/fhir/ValueSet/event-status|4.0.1, and a code is required from this value set",
      ],
    ],
    [
      'a concept without a code that is in the value set',
      resource('Condition', { subject: { display: 'x' }, clinicalStatus: { coding: [{ code: 'ill' }] } }),
      [
        '/Condition/clinicalStatus',
        'None of the codes provided are in the value set http://hl7.org/fhir/ValueSet/condition-clinical|4.0.1, and a code from this value set is required',
      ],
    ],
    [
      'a date in another notation',
      patient({ birthDate: '01/02/1970' }),
      ['/Patient/birthDate', "Not a valid date ('01/02/1970')"],
    ],
    [
      'a day that its month does not have',
      patient({ birthDate: '2023-02-29' }),
      ['/Patient/birthDate', "Not a valid date ('2023-02-29')"],
    ],
    [
      'a time without its zone',
      observation({ effectiveDateTime: '2024-01-05T10:00:00' }),
      ['/Observation/effectiveDateTime', "Not a valid dateTime ('2024-01-05T10:00:00')"],
    ],
    [
      'an instant without a time',
      observation({ issued: '2024-01-05' }),
      ['/Observation/issued', "Not a valid instant ('2024-01-05')"],
    ],
    [
      'a number below what its type allows',
      patient({ telecom: [{ rank: 0 }] }),
      ['/Patient/telecom[0]/rank', "The value '0' is not >= 1"],
    ],
    ['an empty string', patient({ language: '' }), ['/Patient/language', "Not a valid code ('')"]],
    [
      'a URI with space',
      patient({ implicitRules: 'a b' }),
      ['/Patient/implicitRules', "Not a valid uri ('a b')"],
    ],
    [
      'a control character',
      patient({ name: [{ family: 'a\u0001' }] }),
      ['/Patient/name[0]/family', "Not a valid string ('a\u0001')"],
    ],
    [
      'base64 that is cut',
      patient({ photo: [{ data: 'abc' }] }),
      ['/Patient/photo[0]/data', "Not a valid base64Binary ('abc')"],
    ],
    [
      'an empty list',
      patient({ name: [] }),
      ['/Patient/name', 'Array cannot be empty - the property should not be present if it has no values'],
    ],
    ['an empty object', patient({ name: [{}] }), ['/Patient/name[0]', 'Object must have some content']],
    [
      'a null in a list that stands for nothing',
      patient({ name: [{ given: ['a', null] }] }),
      [
        'Patient.name[0]',
        "Profile http://hl7.org/fhir/StructureDefinition/HumanName, Element 'Patient.name[0].given': an item that is null has no extension in its place",
      ],
    ],
    [
      'what is wrong in a contained resource',
      patient({ contained: [{ resourceType: 'Organization', foo: 1 }] }),
      ['/Patient/contained[0]', "Unrecognised property '@foo'"],
    ],
    [
      'a contained resource of an unknown type',
      patient({ contained: [{ resourceType: 'Organisation' }] }),
      ['/Patient/contained[0]', 'The resourceType of the resource is missing or not one of FHIR R4'],
    ],
    [
      'what is wrong in an entry of a Bundle',
      resource('Bundle', { entry: [{ resource: { resourceType: 'Basic' } }] }),
      ['Bundle.entry[0].resource', minimum('Basic', 'Bundle.entry[0].resource.code')],
    ],
  ];

  test('refuses what R4 does not allow, and says where', async () => {
    const { status, failure } = await importFile(aws, ndjson(refused.map(([, line]) => line)));
    expect(status).toBe('COMPLETED_WITH_ERRORS');
    const written = refused.map(([what], i) => [
      what,
      ...(failure.get(i + 1) ?? []).map(({ location = [], diagnostics }) => [...location, diagnostics]),
    ]);
    expect(written).toEqual(refused.map(([what, , ...errors]) => [what, ...errors]));
  });

  const taken: Readonly<Record<string, object>> = {
    'a resource with nothing but its id': patient({}),
    'extensions in place of an element that is required': observation({
      status: undefined,
      _status: { extension: [{ url: 'http://hl7.org/fhir/x', valueCode: 'unknown' }] },
    }),
    'a null in a list that stands for extensions': patient({
      name: [{ given: [null, 'b'], _given: [{ extension: [{ url: 'a:b', valueCode: 'unknown' }] }, null] }],
    }),
    'a leap day, a year and a month': patient({ birthDate: '2024-02-29', deceasedDateTime: '2024-03' }),
    'a no-break space and other scripts': patient({ name: [{ family: 'Müller\u00A0山田 \u2028 😀' }] }),
    'a contained resource of a type that cannot be imported': patient({
      contained: [{ resourceType: 'Basic', id: 'b', code: { text: 'x' } }],
    }),
    'a profile, which is not looked at': patient({
      meta: { profile: ['http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient'] },
    }),
    'extensions in one another': patient({
      extension: [{ url: 'a:b', extension: [{ url: 'c', valueDecimal: 1e-7 }] }],
    }),
    'a code of a binding that is no more than recommended': patient({
      maritalStatus: { text: 'it is complicated' },
    }),
  };

  test.each(['strict', 'structure-only', 'minimal'] as const)(
    'at the level %s takes what R4 allows',
    async (level) => {
      const lines = Object.values(taken).map((line, i) => ({ ...line, id: `t${i}` }));
      const { status, success, resources } = await importFile(aws, ndjson(lines), level);
      expect([status, success]).toEqual(['COMPLETED', lines.map((_, i) => i + 1)]);
      expect([...resources.values()].toSorted()).toEqual(
        lines.map((line) => JSON.stringify(line)).toSorted(),
      );
    },
  );

  test('takes what the local AWS itself preloads', async () => {
    const { status } = await importFile(aws, syntheaResources.map(({ json }) => `${json}\n`).join(''));
    expect(status).toBe('COMPLETED');
  });

  // HealthLake developer guide, "Troubleshooting": the sample has errors, warnings and information of one resource.
  test('writes warnings and information beside errors, and nothing where there is no error', async () => {
    const url = 'http://synthetichealth.github.io/synthea/quality-adjusted-life-years';
    const warned = { status: 'active', name: 'a b', extension: [{ url, valueDecimal: 1 }] };
    expect(await issuesOf(resource('ValueSet', warned))).toEqual([]);
    const profile = ['http://example.org/p'];
    expect(
      await issuesOf(resource('ValueSet', { ...warned, status: undefined, foo: 1, meta: { profile } })),
    ).toEqual([
      {
        severity: 'error',
        code: 'processing',
        diagnostics: "Unrecognised property '@foo'",
        location: ['/ValueSet'],
      },
      {
        severity: 'warning',
        code: 'processing',
        diagnostics:
          "Name should be usable as an identifier for the module by machine processing applications such as code generation [name.matches('[A-Z]([A-Za-z0-9_]){0,254}')]",
        location: ['ValueSet'],
      },
      {
        severity: 'warning',
        code: 'processing',
        diagnostics: "Profile reference 'http://example.org/p' has not been checked because it is unknown",
        location: ['ValueSet.meta.profile[0]'],
      },
      {
        severity: 'error',
        code: 'processing',
        diagnostics: minimum('ValueSet', 'ValueSet.status'),
        location: ['ValueSet'],
      },
      {
        severity: 'information',
        code: 'processing',
        diagnostics: `Unknown extension ${url}`,
        location: ['ValueSet.extension[0]'],
      },
    ]);
  });

  // The words are those of the guide's sample, where it has them.
  test.each([
    ['not JSON', 'Invalid JSON found in input file'],
    ['[]', 'Invalid JSON found in input file'],
    [
      '{"id":"x"}',
      "1 validation error detected: Value at 'resourceType' failed to satisfy constraint: Member must not be null",
    ],
    [
      '{"resourceType":"Patient123","id":"x"}',
      "1 validation error detected: Value 'Patient123' at 'resourceType' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z]{1,256}",
    ],
    ['{"resourceType":"Basic","id":"x","code":{"text":"x"}}', "The resource type 'Basic' is not supported"],
    ['{"resourceType":"DomainResource","id":"x"}', "The resource type 'DomainResource' is not supported"],
    ['{"resourceType":"toString","id":"x"}', "The resource type 'toString' is not supported"],
    ['{"resourceType":"Patient"}', 'Missing required id field in resource json'],
    [
      '{"resourceType":"Patient","id":""}',
      "2 validation errors detected: Value at 'resourceId' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-.]{1,64}; Value at 'resourceId' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      '{"resourceType":"Patient","id":"a/b"}',
      "1 validation error detected: Value at 'resourceId' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-.]{1,64}",
    ],
    [
      '{"resourceType":"Patient","id":"x","gender":"male","gender":"female"}',
      'Duplicated property name: gender',
    ],
    [
      '{"resourceType":"Patient","id":"x","name":[{"text":"a","te\\u0078t":"b"}]}',
      'Duplicated property name: text',
    ],
    ['{"resourceType":"Patient","id":"x","__proto__":{}}', "Unrecognised property '@__proto__'"],
  ])('says of %s what HealthLake says', async (line, diagnostics) => {
    expect(await issuesOf(line)).toMatchObject([{ severity: 'error', code: 'processing', diagnostics }]);
  });
});

// HealthLake developer guide, "Importing FHIR data": such resources are ingested, and have an extension appended to them.
describe('the validation level minimal', () => {
  test('takes what R4 does not allow, warns of it, and appends an extension that says so', async () => {
    const lines = [
      '{"resourceType":"Patient","id":"a","birthDate":"1.2.1970","multipleBirthInteger":1.0 }',
      '{"resourceType":"Patient","id":"b","foo":"[","extension":[ {"url":"a:b","valueDecimal":1.50} ]}',
      '{"resourceType":"Patient","id":"c","gender":"male"}',
      '{"resourceType":"Patient","id":"d","extension":"none"}',
      '{"resourceType":"Patient"}',
    ];
    const { status, success, failure, warned, resources } = await importFile(
      aws,
      lines.join('\n'),
      'minimal',
    );
    expect([status, success, [...failure.keys()]]).toEqual(['COMPLETED_WITH_ERRORS', [3], [5]]);
    expect([...warned].map(([lineId, issues]) => [lineId, issues[0]?.diagnostics])).toEqual([
      [1, "Not a valid date ('1.2.1970')"],
      [2, "Unrecognised property '@foo'"],
      [4, 'This property must be an Array, not a primitive property'],
    ]);
    const failed = (valueString: string) =>
      JSON.stringify({ url: 'http://healthlake.amazonaws.com/search-validation-failure', valueString });
    expect(Object.fromEntries(resources)).toEqual({
      a: `{"resourceType":"Patient","id":"a","birthDate":"1.2.1970","multipleBirthInteger":1.0,"extension":[${failed("Not a valid date ('1.2.1970')")}]}`,
      b: `{"resourceType":"Patient","id":"b","foo":"[","extension":[ {"url":"a:b","valueDecimal":1.50},${failed("Unrecognised property '@foo'")}]}`,
      c: lines[2],
      d: lines[3],
    });
  });
});

describe('an ndjson file', () => {
  const line = (id: string, family = 'x') => JSON.stringify(patient({ id, name: [{ family }] }));

  test('has its lines ended by line feeds alone', async () => {
    const text = `\uFEFF${line('a')}\r\n\n \t\n${line('b', 'a\u2028b\u0085c')}\n${line('c')}\r${line('d')}\n${line('e')}`;
    const { success, failure, resources } = await importFile(aws, text);
    expect(success).toEqual([1, 4, 6]);
    expect([...failure.keys()]).toEqual([5]);
    expect([...resources.keys()].toSorted()).toEqual(['a', 'b', 'e']);
    expect(resources.get('b')).toBe(line('b', 'a\u2028b\u0085c'));
  });

  test('may have a byte order mark at its beginning, and nowhere else', async () => {
    const { success, failure } = await importFile(aws, `\uFEFF${line('a')}\n\uFEFF${line('b')}\n\u00A0\n`);
    expect([success, [...failure.keys()]]).toEqual([[1], [2, 3]]);
  });

  test.each([
    ['Latin-1', Buffer.from(`${line('a')}\n${line('b', 'Müller')}\n`, 'latin1')],
    ['UTF-16', Buffer.from(`\uFEFF${line('a')}\n`, 'utf16le')],
    ['gzip', gzipSync(line('a'))],
    ['UTF-8 that is cut in a character', Buffer.from(`${line('a')}\n"ü`).subarray(0, -1)],
    [
      'a surrogate as UTF-8',
      Buffer.concat([Buffer.from(`${line('a')}\n"`), Buffer.from([0xed, 0xa0, 0x80])]),
    ],
  ])('in %s is not read, and none of its text is guessed', async (_what, content) => {
    const { status, report, failure, resources } = await importFile(aws, content);
    expect([status, failure.size, resources.size]).toEqual(['COMPLETED_WITH_ERRORS', 0, 0]);
    expect(report).toMatchObject({
      TotalNumberOfFilesReadWithCustomerError: 1,
      TotalNumberOfImportedFiles: 0,
      TotalNumberOfResourcesScanned: 0,
    });
  });

  test('may have long lines: what is longer than allowed is refused, and the next line read', async () => {
    await aws.control.settings({ maxFhirResourceMB: 3 });
    const long = line('long', 'ü'.repeat(1024 * 1024));
    const tooLong = line('too-long', 'x'.repeat(4 * 1024 * 1024));
    const { success, failure, resources } = await importFile(
      aws,
      `${tooLong}\n${long}\n${line('c')}\n${tooLong}`,
    );
    expect([success, [...failure.keys()]]).toEqual([
      [2, 3],
      [1, 4],
    ]);
    expect(failure.get(1)).toMatchObject([{ diagnostics: 'The resource is larger than HealthLake takes' }]);
    expect(resources.get('long')).toBe(long);
  });

  test('may hold what is made to exhaust memory or stack', async () => {
    const open = '{"resourceType":"Patient","id":"x","extension":';
    const nested = (depth: number) =>
      `${'[{"url":"a:b","extension":'.repeat(depth)}[{"url":"a:b","valueString":"x"}]${'}]'.repeat(depth)}`;
    const bombs: Readonly<Record<string, string>> = {
      'The resource is nested too deeply': `${open}${nested(99)}}`,
      'Invalid JSON found in input file': `${open}[[[`,
      'The resource has too many elements': `${open}[${'{},'.repeat(3_000_000)}{}]}`,
    };
    const lines = [
      ...Object.values(bombs),
      `${open}${'['.repeat(5_000_000)}`,
      `${open}${nested(98)}}`,
      line('last'),
    ];
    const { success, failure } = await importFile(aws, lines.join('\n'));
    expect(success).toEqual([5, 6]);
    expect(Object.keys(bombs)).toEqual([1, 2, 3].map((id) => failure.get(id)?.[0]?.diagnostics));
    expect(failure.get(4)).toMatchObject([{ diagnostics: 'The resource is nested too deeply' }]);
    // Whoever allows more than the stack holds gets the same answer.
    await aws.control.settings({ maxFhirNesting: 1e9 });
    const deep = await importFile(aws, `${open}${nested(100_000)}}\n${line('last')}`);
    expect([deep.success, deep.failure.get(1)]).toMatchObject([
      [2],
      [{ diagnostics: 'The resource is nested too deeply' }],
    ]);
  });

  test('may break rules in many places: the first hundred are written', async () => {
    const wrong = patient({ name: Array.from({ length: 5000 }, () => ({ given: 'x' })) });
    const long = patient({ name: Array.from({ length: 300_000 }, () => 1) });
    const empty = patient({ name: Array.from({ length: 80_000 }, () => ({})) });
    const { failure } = await importFile(aws, ndjson([wrong, long, empty]));
    expect([1, 2, 3].map((lineId) => failure.get(lineId)?.length)).toEqual([100, 1, 100]);
  });
});
