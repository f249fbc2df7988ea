import type { ServiceError } from '../errors.ts';
import { commonErrorStatus, retryAfter, type HttpReply, type HttpRequest, type Protocol } from './http.ts';
import { SchemaCodec, type SchemaClient, type UriMembers } from './schema-codec.ts';
import { modelledErrorStatus, uriMembers, type OperationSchema, type UriPlace } from './schemas.ts';
import { refuseUnknownQuery } from './unknown-members.ts';

interface Route {
  readonly operation: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly labels: readonly string[];
  /** The path up to its first label, if it has a label. */
  readonly beginning: RegExp | undefined;
  readonly uriMembers: readonly (readonly [name: string, place: UriPlace])[];
}

/**
 * The server side of the protocol AWS restJson1: method and path name the operation, and path, query and body contain its input.
 */
export class RestJson implements Protocol {
  readonly #codec: SchemaCodec;
  readonly #errorStatus: Map<string, number>;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(sdk: object, client: SchemaClient) {
    this.#codec = new SchemaCodec(sdk, client);
    this.#errorStatus = modelledErrorStatus(sdk);
    this.#routes = new Map(
      this.#codec.operations.map((name) => [name, toRoute(name, this.#codec.schema(name))]),
    );
  }

  get operations(): readonly string[] {
    return this.#codec.operations;
  }

  operationOf({ method, path }: HttpRequest): string | undefined {
    for (const route of this.#routes.values()) {
      if (route.method === method && route.pattern.test(path)) return route.operation;
    }
    return undefined;
  }

  /** Claims every path that begins like that of an operation, up to its first label: `/datastore/x/unknown`, for example. */
  claims({ method, path }: HttpRequest): string | undefined {
    const isOurs = [...this.#routes.values()].some(({ beginning }) => beginning?.test(path));
    return isOurs ? `${method} ${path}` : undefined;
  }

  decode(operation: string, request: HttpRequest): Promise<object> {
    const { pattern, labels = [], uriMembers = [] } = this.#routes.get(operation) ?? {};
    refuseUnknownQuery(operation, uriMembers, request.query);
    const values = pattern?.exec(request.path)?.slice(1) ?? [];
    const fromPath = labels.map((label, i) => [label, decodeLabel(values[i] ?? '')]);
    const fromQuery = uriMembers.flatMap(([name, place]) => {
      if (!('query' in place) || !request.query.has(place.query)) return [];
      return [[name, place.list ? request.query.getAll(place.query) : request.query.get(place.query)]];
    });
    const uri: UriMembers = Object.fromEntries([...fromPath, ...fromQuery]);
    return this.#codec.decode(operation, request, uri);
  }

  encode(operation: string, output: object): Promise<HttpReply> {
    return this.#codec.encode(operation, output);
  }

  /** The name of the error is in a header, and the body is `{"message": …}`. */
  encodeError(error: ServiceError): HttpReply {
    const { type, message, wire } = error;
    return {
      status: wire.status ?? this.#errorStatus.get(type) ?? commonErrorStatus[type] ?? 400,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': type, ...retryAfter(error) },
      body: JSON.stringify({ message }),
    };
  }
}

function toRoute(operation: string, schema: OperationSchema): Route {
  const [, , , traits] = schema;
  const [method, uri] = (typeof traits === 'object' && traits.http) || ['', ''];
  const path = uri.split('?')[0] ?? '';
  const pattern = path.replaceAll(/\{[^}]+\}/g, '([^/]*)');
  const beginning = /^[^{]+(?=\{)/.exec(path)?.[0];
  return {
    operation,
    method,
    pattern: new RegExp(`^${pattern}/?$`),
    labels: [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, label]) => label ?? ''),
    beginning: beginning === undefined ? undefined : new RegExp(`^${beginning}[^/]`),
    uriMembers: uriMembers(schema),
  };
}

/** Decodes a label. If its percent-encoding is wrong, it is returned unchanged, and the input rules refuse it. */
function decodeLabel(label: string): string {
  try {
    return decodeURIComponent(label);
  } catch {
    return label;
  }
}
