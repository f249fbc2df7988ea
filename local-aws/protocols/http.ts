import type { IncomingHttpHeaders } from 'node:http';
import type { ServiceError } from '../errors.ts';

/** A request, read to its end. */
export interface HttpRequest {
  readonly method: string;
  /** Still percent-encoded: an encoded slash is part of a label, not the end of it. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** The connection breaks in the middle of the body. */
  readonly cut?: boolean;
}

/** The server's side of an AWS protocol, for one service. */
export interface Protocol {
  readonly operations: readonly string[];
  /** Whether everything below a path is this service's, even what is no operation of it: none of it is an object of S3 then. */
  ownsPath?(path: string): boolean;
  /** The operation that a request calls, if it is one of this service's. */
  operationOf(request: HttpRequest): string | undefined;
  /** @throws ServiceError when the request is not what the protocol says */
  decode(operation: string, request: HttpRequest): Promise<object>;
  encode(operation: string, output: object): Promise<HttpReply>;
  encodeError(error: ServiceError): HttpReply;
}

/** One AWS service: how its calls look on the wire, and what they do. */
export interface Service {
  /** The name that requests are signed for, such as `medical-imaging`. */
  readonly name: string;
  readonly protocol: Protocol;
  run(operation: string, input: object): Promise<object>;
  /** Takes up the work that its entities still have: after a restart, or when a test has arranged one. */
  resume(): void;
}

/** HTTP status of the errors that every AWS service may give and no service's model lists. */
export const commonErrorStatus: Readonly<Record<string, number>> = {
  ExpiredTokenException: 403,
  ExpiredToken: 403,
  UnrecognizedClientException: 403,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  UnknownOperationException: 404,
  InternalFailure: 500,
  InternalServerException: 500,
  ServiceUnavailable: 503,
  ServiceUnavailableException: 503,
  NotImplemented: 501,
};

export function retryAfter({ wire }: ServiceError): Record<string, string> {
  return wire.retryAfterSeconds === undefined ? {} : { 'retry-after': String(wire.retryAfterSeconds) };
}
