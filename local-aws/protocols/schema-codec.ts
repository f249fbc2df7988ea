import { invalid } from '../errors.ts';
import type { HttpReply, HttpRequest } from './http.ts';
import {
  operationSchemas,
  structureOf,
  targetOf,
  uriPlace,
  type OperationSchema,
  type SchemaRef,
} from './schemas.ts';
import { refuseUnknownMembers } from './unknown-members.ts';

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
   * @throws ServiceError where the body is not what the protocol says, or has a member that the schema lacks
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
    if (request.body.byteLength > 0) refuseUnknownMembers(this.schema(operation), bodyOf(request));
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

/** What the body says. The codec has refused one that it cannot read; others belong to operations that read none. */
function bodyOf({ body }: HttpRequest): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

/** A client's codec asks where to send to; a reply goes back to where the request came from. */
const nowhere = { protocol: 'http:', hostname: 'localhost', path: '/', query: {} };

const uriHeader = (member: string) => `x-uri-${member.toLowerCase()}`;

function withUriAsHeaders(input: SchemaRef): SchemaRef {
  const structure = structureOf(input);
  if (!structure) return input;
  const [id, namespace, name, traits, names] = structure.schema;
  const mirrored = structure.members.map(([name, member]) =>
    uriPlace(member) ? [targetOf(member), { httpHeader: uriHeader(name) }] : member,
  );
  return [id, namespace, name, traits, names, mirrored] as SchemaRef;
}
