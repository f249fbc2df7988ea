import type { CopyImageSet$ } from '@aws-sdk/client-medical-imaging';
import { invalid } from '../errors.ts';
import type { HttpReply, HttpRequest } from './http.ts';

/** `[9, namespace, name, traits, input, output]`: how the SDK clients ship their operations. */
export type OperationSchema = typeof CopyImageSet$;
type SchemaRef = OperationSchema[4];
/** `[3, namespace, name, traits, memberNames, memberSchemas, …]` */
type StructureSchema = [3, string, string, unknown, string[], SchemaRef[], ...unknown[]];

/** An SDK client. Its type leaves open whether `protocol` is a class or an instance; a constructed client has the instance. */
export interface SchemaClient {
  readonly config: { readonly protocol: unknown };
}

interface Protocol {
  serializeRequest(
    schema: object,
    input: object,
    context: object,
  ): Promise<{ headers: Record<string, string>; body?: Uint8Array | string }>;
  deserializeResponse(schema: object, context: object, response: object): Promise<Record<string, unknown>>;
}

/** The parts of a path and query string by member name, decoded; several values where the member is a list. */
export type UriMembers = Readonly<Record<string, string | readonly string[]>>;

/**
 * The SDK's own codec of a service, held up to a mirror: a request is decoded as if it were a *response* of the
 * operation's input shape, a reply encoded as if it were a *request* of its output shape. Nothing here is about any one
 * operation, so all of them are right as soon as the client knows them.
 */
export class SchemaCodec {
  readonly operations: readonly string[];
  readonly #decoding: object;
  readonly #encoding: object;
  readonly #protocol: Protocol;
  readonly #operations: ReadonlyMap<string, Operation>;

  /** @param sdk - the client's module, which exports a schema for each operation */
  constructor(sdk: object, client: SchemaClient) {
    this.#decoding = client.config;
    this.#encoding = { ...client.config, endpoint: () => Promise.resolve(nowhere) };
    this.#protocol = client.config.protocol as Protocol;
    this.#operations = new Map(operationSchemas(sdk).map((schema) => [schema[2], toOperation(schema)]));
    this.operations = [...this.#operations.keys()];
  }

  schema(operation: string): OperationSchema {
    return this.#operation(operation).schema;
  }

  /**
   * Reads the input of an operation from a request.
   *
   * A client never reads labels and query strings, so its codec cannot; but it reads headers of every type. Members
   * that stand in the URI are therefore handed over as headers. Lists, which are all of text, need no reading, and header
   * lists lose the spaces around their items.
   *
   * @throws ServiceError where the body is not what the protocol says
   */
  async decode(operation: string, request: HttpRequest, uri: UriMembers = {}): Promise<object> {
    const { request: mirrored } = this.#operation(operation);
    const texts = Object.entries(uri).filter(([, value]) => typeof value === 'string');
    const headers = Object.fromEntries(texts.map(([member, value]) => [uriHeader(member), value]));
    let decoded: Record<string, unknown>;
    try {
      const response = { statusCode: 200, headers, body: request.body };
      decoded = await this.#protocol.deserializeResponse(mirrored, this.#decoding, response);
    } catch {
      // The parser's own message quotes the body, which may be patient data.
      throw invalid(`The body of ${operation} could not be read: it is not what the protocol says.`);
    }
    delete decoded['$metadata'];
    const lists = Object.entries(uri).filter(([, value]) => typeof value !== 'string');
    return Object.fromEntries([...Object.entries(decoded).filter(([, value]) => value !== null), ...lists]);
  }

  /** Writes the reply of an operation. */
  async encode(operation: string, output: object): Promise<HttpReply> {
    const { reply: mirrored } = this.#operation(operation);
    const { headers, body } = await this.#protocol.serializeRequest(mirrored, output, this.#encoding);
    // The codec's own kind of bytes warns when it is taken for anything but itself.
    return { status: 200, headers, body: typeof body === 'string' ? body : new Uint8Array(body ?? []) };
  }

  #operation(name: string): Operation {
    const operation = this.#operations.get(name);
    if (!operation) throw new Error(`the SDK client has no schema for ${name}`);
    return operation;
  }
}

/**
 * An operation's schema, and the two schemas by which its requests and its replies pass through a client's codec. They are
 * made once, because the codec keeps what it works out about a schema in the schema itself.
 */
interface Operation {
  readonly schema: OperationSchema;
  readonly request: object;
  readonly reply: object;
}

function toOperation(schema: OperationSchema): Operation {
  const [, namespace, name, traits, input, output] = schema;
  return {
    schema,
    request: { namespace, name, traits, input: 'unit', output: withUriAsHeaders(input) },
    reply: { namespace, name, traits: { http: ['POST', '/', 200] }, input: output, output: 'unit' },
  };
}

/** A client's codec asks where to send to; a reply goes back to where the request came from. */
const nowhere = { protocol: 'http:', hostname: 'localhost', path: '/', query: {} };

const uriHeader = (member: string) => `x-uri-${member.toLowerCase()}`;

function withUriAsHeaders(input: SchemaRef): SchemaRef {
  const resolved: unknown = typeof input === 'function' ? input() : input;
  if (!isStructure(resolved)) return input;
  const [id, namespace, name, traits, names, members] = resolved;
  const mirrored = members.map((member, i) =>
    uriPlace(member) ? [targetOf(member), { httpHeader: uriHeader(names[i] ?? '') }] : member,
  );
  return [id, namespace, name, traits, names, mirrored] as SchemaRef;
}

/** Where in the URI a member of an input stands: the path, or the query string under a name of its own. */
export type UriPlace = { readonly label: true } | { readonly query: string; readonly list: boolean };

/** The members of an operation's input that stand in the URI. */
export function uriMembers([, , , , input]: OperationSchema): [name: string, place: UriPlace][] {
  const resolved: unknown = typeof input === 'function' ? input() : input;
  if (!isStructure(resolved)) return [];
  const [, , , , names, members] = resolved;
  return names.flatMap((name, i) => {
    const place = uriPlace(members[i] ?? 'unit');
    return place ? [[name, place] as const] : [];
  });
}

function uriPlace(member: SchemaRef): UriPlace | undefined {
  const traits: unknown = Array.isArray(member) && member.length === 2 ? member[1] : undefined;
  // The first bit of a trait vector is httpLabel.
  if (typeof traits === 'number') return traits & 1 ? { label: true } : undefined;
  if (typeof traits !== 'object' || traits === null) return undefined;
  if ('httpLabel' in traits) return { label: true };
  if ('httpQuery' in traits) return { query: String(traits.httpQuery), list: isList(targetOf(member)) };
  return undefined;
}

const targetOf = (member: SchemaRef) => (Array.isArray(member) && member.length === 2 ? member[0] : member);

/** A list of a simple type is a number with the bit 64 set, any other list a schema that starts with 1. */
const isList = (schema: SchemaRef) =>
  typeof schema === 'number' ? (schema & 0b1100_0000) === 64 : Array.isArray(schema) && schema[0] === 1;

const isStructure = (schema: unknown): schema is StructureSchema => Array.isArray(schema) && schema[0] === 3;

const operationSchemas = (sdk: object) =>
  Object.values(sdk).filter((value): value is OperationSchema => Array.isArray(value) && value[0] === 9);

/** The HTTP status that an SDK client's model gives each of its errors. */
export function modelledErrorStatus(sdk: object): Map<string, number> {
  const status = new Map<string, number>();
  for (const schema of Object.values(sdk)) {
    if (!Array.isArray(schema) || schema[0] !== -3) continue;
    const [, , name, traits] = schema;
    if (typeof traits?.httpError === 'number') status.set(name, traits.httpError);
  }
  return status;
}
