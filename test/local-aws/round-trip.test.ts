import { Readable } from 'node:stream';
import * as HealthLake from '@aws-sdk/client-healthlake';
import * as MedicalImaging from '@aws-sdk/client-medical-imaging';
import fc from 'fast-check';
import { AwsJson } from '../../local-aws/protocols/aws-json.ts';
import type { HttpReply, HttpRequest, Protocol } from '../../local-aws/protocols/http.ts';
import { RestJson } from '../../local-aws/protocols/rest-json.ts';
import { SchemaCodec } from '../../local-aws/protocols/schema-codec.ts';

/** A request as the SDK's clients hand it to their HTTP handler. */
interface ClientRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

type Answer = (request: HttpRequest) => Promise<HttpReply>;

const config = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 's' },
  maxAttempts: 1,
};

/** Takes the network's place: what the client sends goes straight to the protocol, and its reply straight back. */
const networkTo = (answer: () => Answer) => ({
  async handle({ method, path, query, headers, body = '' }: ClientRequest) {
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((each): [string, string] => [name, each]),
    );
    const reply = await answer()({
      method,
      path,
      query: new URLSearchParams(pairs),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      body: typeof body === 'string' ? Buffer.from(body) : new Uint8Array(body),
    });
    return {
      response: {
        statusCode: reply.status,
        headers: { ...reply.headers },
        body: Readable.from([Buffer.from(reply.body ?? '')]),
      },
    };
  },
});

/** Values of any shape that the SDK's schemas describe: what an operation could be called with, or answer. */
function valueOf(schema: unknown): fc.Arbitrary<unknown> {
  const resolved: unknown = typeof schema === 'function' ? schema() : schema;
  if (typeof resolved === 'number') return simple(resolved);
  if (!Array.isArray(resolved)) throw new Error(`unknown schema ${String(resolved)}`);
  if (resolved.length === 2) return valueOf(resolved[0]);
  const [kind, , , , names, members] = resolved;
  switch (kind) {
    case 0:
      return valueOf(resolved[4]);
    case 1:
      return fc.array(valueOf(resolved[4]), { minLength: 1, maxLength: 3 });
    case 2:
      return dictionary(fc.string({ minLength: 1 }), valueOf(resolved[5]));
    case 3:
      return structure(names, members);
    case 4:
      return fc.oneof(...names.map((name: string, i: number) => fc.record({ [name]: valueOf(members[i]) })));
    default:
      throw new Error(`unknown schema kind ${kind}`);
  }
}

/** A key `__proto__` is lost in the SDK's own client, before anything of ours. */
const dictionary = (key: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>) =>
  fc.dictionary(
    key.filter((name) => name !== '__proto__'),
    value,
    { maxKeys: 3, noNullPrototype: true },
  );

const structure = (names: string[], members: unknown[]) =>
  fc.record(Object.fromEntries(names.map((name, i) => [name, valueOf(members[i])])), {
    requiredKeys: names.filter((name, i) => isFilledIn(name) || isInUriOrPayload(members[i])),
    noNullPrototype: true,
  });

/** What is filled in where it is not given: client tokens, and the type of a body. */
const isFilledIn = (name: string) => /token$/i.test(name) || name === 'contentType';

/** Trait bits 1 and 16: a label must be there, and instead of a payload that is not the client sends an empty one. */
function isInUriOrPayload(member: unknown): boolean {
  const traits: unknown = Array.isArray(member) && member.length === 2 ? member[1] : 0;
  return typeof traits === 'number' && (traits & (1 | 16)) !== 0;
}

/** The numbers that stand for simple types; 64 and 128 make lists and maps of them. */
function simple(type: number): fc.Arbitrary<unknown> {
  const text = fc.string({ minLength: 1, unit: 'grapheme' });
  if (type >= 128) return dictionary(text, simple(type - 128));
  if (type >= 64) return fc.array(simple(type - 64), { minLength: 1, maxLength: 3 });
  switch (type) {
    case 0:
      return text;
    case 1:
      return fc.integer();
    case 2:
      return fc.boolean();
    case 4:
      return fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
    case 21:
      return fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    case 42:
      return fc.uint8Array({ minLength: 1, maxLength: 40 });
    default:
      throw new Error(`unknown simple schema ${type}`);
  }
}

const services: [name: string, sdk: object, makeProtocol: () => Protocol][] = [
  [
    'HealthImaging',
    MedicalImaging,
    () => new RestJson(MedicalImaging, new MedicalImaging.MedicalImagingClient(config)),
  ],
  [
    'HealthLake',
    HealthLake,
    () =>
      new AwsJson(HealthLake, new HealthLake.HealthLakeClient(config), {
        target: 'HealthLake',
        namespace: 'com.amazonaws.healthlake',
        messageMember: 'Message',
        errorStatus: () => '400',
      }),
  ],
];

describe.each(services)('every input and output of %s', (name, sdk, makeProtocol) => {
  const protocol = makeProtocol();
  let answer: Answer = () => Promise.reject(new Error('no answer yet'));
  const clientConfig = { ...config, requestHandler: networkTo(() => answer) };
  const client =
    name === 'HealthImaging'
      ? new MedicalImaging.MedicalImaging(clientConfig)
      : new HealthLake.HealthLake(clientConfig);
  const codec = new SchemaCodec(sdk, client);

  /** Calls an operation by the client's method, whose name is the operation's with its first letters small. */
  const call = (operation: string, input: object): Promise<Record<string, unknown>> => {
    const methods = Object.getPrototypeOf(client) as Record<
      string,
      (input: object) => Promise<Record<string, unknown>>
    >;
    const method =
      Object.keys(methods).find((method) => method.toLowerCase() === operation.toLowerCase()) ?? '';
    return Reflect.apply(methods[method] ?? fail, client, [input]);
  };
  const fail = () => Promise.reject(new Error('the client has no such method'));

  test.each(protocol.operations)('%s', async (operation) => {
    const definition = codec.schema(operation);
    await fc.assert(
      fc.asyncProperty(valueOf(definition[4]), valueOf(definition[5]), async (input, output) => {
        let decoded: object | undefined;
        answer = async (request) => {
          expect(protocol.operationOf(request)).toBe(operation);
          decoded = await protocol.decode(operation, request);
          return protocol.encode(operation, output as object);
        };
        const { $metadata: _, ...received } = await call(operation, input as object);
        expect(decoded).toEqual(input);
        for (const [member, value] of Object.entries(received)) {
          if (isStream(value)) received[member] = await value.transformToByteArray();
        }
        expect(received).toEqual(output);
      }),
      { numRuns: 25 },
    );
  });
});

const isStream = (value: unknown): value is { transformToByteArray(): Promise<Uint8Array> } =>
  typeof value === 'object' && value !== null && 'transformToByteArray' in value;
