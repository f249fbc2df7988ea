import type { ServiceError } from '../errors.ts';
import { commonErrorStatus, retryAfter, type HttpReply, type HttpRequest, type Protocol } from './http.ts';
import { SchemaCodec, type SchemaClient } from './schema-codec.ts';
import { mismatchOf, type Mismatch } from './shape.ts';
import { modelledErrorStatus, queryErrorCodes } from './schemas.ts';

/** What differs between the services that speak AWS JSON. */
export interface JsonDialect {
  /** The service's prefix in `X-Amz-Target`. */
  readonly target: string;
  /** The namespace of the service's errors in `__type`. */
  readonly namespace: string;
  /** The name of the member that holds the message of an error. */
  readonly messageMember: 'Message' | 'message';
  /** Whether client errors have the model's HTTP status, or are all 400. */
  errorStatus(): '400' | 'modelled';
  /**
   * Whether to claim the requests whose target names a service that the local AWS does not have. Their clients can read the errors
   * of this protocol, but not those of S3.
   */
  readonly claimsOthers?: boolean;
  /**
   * For a service that once spoke the query protocol: its codes of errors that its model does not list. Each error also has its
   * code in a header, which clients of such a service read.
   */
  readonly queryCodes?: Readonly<Record<string, string>>;
  /**
   * Refuses an input that does not fit the schema of the operation. A service without it checks its inputs itself, by the rules
   * of `src/input-rules`.
   */
  readonly refuse?: (mismatch: Mismatch) => never;
  /** The operations that the local AWS has, if it does not have all of the model. */
  readonly operations?: readonly string[];
}

/**
 * The server side of the protocol AWS JSON 1.0: every request is a POST to `/`, and the header `X-Amz-Target` names the
 * operation.
 */
export class AwsJson implements Protocol {
  readonly operations: readonly string[];
  readonly #dialect: JsonDialect;
  readonly #codec: SchemaCodec;
  readonly #modelledStatus: Map<string, number>;
  readonly #queryCodes: Map<string, string>;

  constructor(sdk: object, client: SchemaClient, dialect: JsonDialect) {
    this.#dialect = dialect;
    this.#codec = new SchemaCodec(sdk, client);
    this.#modelledStatus = modelledErrorStatus(sdk);
    this.#queryCodes = new Map([...queryErrorCodes(sdk), ...Object.entries(dialect.queryCodes ?? {})]);
    this.operations = dialect.operations ?? this.#codec.operations;
  }

  operationOf(request: HttpRequest): string | undefined {
    const operation = this.claims(request) ?? '';
    return request.method === 'POST' && this.operations.includes(operation) ? operation : undefined;
  }

  claims({ headers }: HttpRequest): string | undefined {
    const target = headers['x-amz-target'];
    if (typeof target !== 'string') return undefined;
    const { target: ours, claimsOthers = false } = this.#dialect;
    if (target.startsWith(`${ours}.`)) return target.slice(ours.length + 1);
    return claimsOthers ? target : undefined;
  }

  async decode(operation: string, request: HttpRequest): Promise<object> {
    const input = await this.#codec.decode(operation, request);
    const { refuse } = this.#dialect;
    const mismatch = refuse && mismatchOf(this.#codec.schema(operation)[4], input);
    if (mismatch) refuse(mismatch);
    return input;
  }

  async encode(operation: string, output: object): Promise<HttpReply> {
    const reply = await this.#codec.encode(operation, output);
    return { ...reply, headers: { 'content-type': 'application/x-amz-json-1.0' } };
  }

  encodeError(error: ServiceError): HttpReply {
    const { type, message } = error;
    const { namespace, messageMember, queryCodes } = this.#dialect;
    const status = this.#statusOf(error);
    return {
      status,
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-errortype': type,
        ...(queryCodes && {
          'x-amzn-query-error': `${this.#queryCodes.get(type) ?? type};${status >= 500 ? 'Receiver' : 'Sender'}`,
        }),
        ...retryAfter(error),
      },
      body: JSON.stringify({ __type: `${namespace}#${type}`, [messageMember]: message }),
    };
  }

  #statusOf({ type, wire }: ServiceError): number {
    const modelled = this.#modelledStatus.get(type) ?? commonErrorStatus[type] ?? 400;
    return wire.status ?? (modelled >= 500 || this.#dialect.errorStatus() === 'modelled' ? modelled : 400);
  }
}
