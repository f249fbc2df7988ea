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
 * Reads requests and writes replies by the SDK client's own codec, which does the reverse: it writes requests and reads replies.
 * A request is therefore decoded as if it were a *response* with the operation's input shape, and a reply is encoded as if it
 * were a *request* with its output shape. No operation needs code of its own, so an operation that a newer client has works at
 * once.
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
   * The codec of a client cannot read path labels and query strings, because responses have none. It can read headers of every
   * type, and so it gets the members that are in the URI as headers. Members that are lists are passed on as they are: all are
   * lists of text, and the codec would remove the spaces around their items.
   *
   * @throws ServiceError if the body is not valid in the protocol, or has a member that the schema lacks
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
    // Copies the codec's subclass of `Uint8Array`, which logs a warning when a method of strings is called on it.
    return { status: 200, headers, body: typeof body === 'string' ? body : new Uint8Array(body ?? []) };
  }

  #operation(name: string): Operation {
    const operation = this.#operations.get(name);
    if (!operation) throw new Error(`the SDK client has no schema for ${name}`);
    return operation;
  }
}

/**
 * An operation's schema, and the two schemas by which a client's codec reads its requests and writes its replies. They are made
 * once, because the codec caches in a schema what it has computed for it.
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

/**
 * The parsed body. It is undefined for an operation that reads no body and was sent invalid JSON. Otherwise the codec has refused
 * such a body.
 */
function bodyOf({ body }: HttpRequest): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

/** The endpoint that a client's codec needs to write a request. A reply does not use it. */
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
