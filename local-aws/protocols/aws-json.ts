import type { ServiceError } from '../errors.ts';
import { commonErrorStatus, retryAfter, type HttpReply, type HttpRequest, type Protocol } from './http.ts';
import { SchemaCodec, type SchemaClient } from './schema-codec.ts';
import { modelledErrorStatus } from './schemas.ts';

/**
 * The server side of the protocol AWS JSON 1.0: every request is a POST to `/`, and the header `X-Amz-Target` names the
 * operation.
 */
export class AwsJson implements Protocol {
  readonly #target: string;
  readonly #codec: SchemaCodec;
  readonly #modelledStatus: Map<string, number>;
  readonly #errorStatus: () => '400' | 'modelled';

  /**
   * @param target - the service's prefix in `X-Amz-Target`
   * @param errorStatus - whether client errors have the model's HTTP status, or are all 400
   */
  constructor(sdk: object, client: SchemaClient, target: string, errorStatus: () => '400' | 'modelled') {
    this.#target = target;
    this.#codec = new SchemaCodec(sdk, client);
    this.#modelledStatus = modelledErrorStatus(sdk);
    this.#errorStatus = errorStatus;
  }

  get operations(): readonly string[] {
    return this.#codec.operations;
  }

  operationOf(request: HttpRequest): string | undefined {
    const operation = this.claims(request) ?? '';
    return request.method === 'POST' && this.operations.includes(operation) ? operation : undefined;
  }

  /**
   * Also claims a request whose target names a service that the local AWS does not have. Its client can read the errors of this
   * protocol, but not those of S3.
   */
  claims({ headers }: HttpRequest): string | undefined {
    const target = headers['x-amz-target'];
    if (typeof target !== 'string') return undefined;
    return target.startsWith(`${this.#target}.`) ? target.slice(this.#target.length + 1) : target;
  }

  decode(operation: string, request: HttpRequest): Promise<object> {
    return this.#codec.decode(operation, request);
  }

  async encode(operation: string, output: object): Promise<HttpReply> {
    const reply = await this.#codec.encode(operation, output);
    return { ...reply, headers: { 'content-type': 'application/x-amz-json-1.0' } };
  }

  encodeError(error: ServiceError): HttpReply {
    const { type, message } = error;
    return {
      status: this.#statusOf(error),
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-errortype': type,
        ...retryAfter(error),
      },
      body: JSON.stringify({
        __type: `com.amazonaws.${this.#target.toLowerCase()}#${type}`,
        Message: message,
      }),
    };
  }

  #statusOf({ type, wire }: ServiceError): number {
    const modelled = this.#modelledStatus.get(type) ?? commonErrorStatus[type] ?? 400;
    return wire.status ?? (modelled >= 500 || this.#errorStatus() === 'modelled' ? modelled : 400);
  }
}
