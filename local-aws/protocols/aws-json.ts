import type { ServiceError } from '../errors.ts';
import { commonErrorStatus, retryAfter, type HttpReply, type HttpRequest, type Protocol } from './http.ts';
import { modelledErrorStatus, SchemaCodec, type SchemaClient } from './schema-codec.ts';

/** The server's side of AWS JSON 1.0: everything is a POST to `/`, the `X-Amz-Target` header names the operation. */
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

  operationOf({ method, headers }: HttpRequest): string | undefined {
    const [prefix, operation] = String(headers['x-amz-target'] ?? '').split('.');
    return method === 'POST' && prefix === this.#target && this.operations.includes(operation ?? '')
      ? operation
      : undefined;
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
