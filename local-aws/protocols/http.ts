import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { ServiceError } from '../errors.ts';

export interface HttpRequest {
  readonly method: string;
  /** Still percent-encoded: an encoded slash is part of a label, not the end of it. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The whole content; empty while {@link content} has not been read. */
  readonly body: Uint8Array;
  readonly content?: Readable;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** In place of a body that may be larger than the memory. The headers name its length. */
  readonly stream?: Readable;
  /** The connection breaks in the middle of the body. */
  readonly cut?: boolean;
}

/** The server's side of an AWS protocol, for one service. */
export interface Protocol {
  readonly operations: readonly string[];
  /** Whether operations read the content of their requests themselves, because it may be larger than the memory. */
  readonly streams?: boolean;
  /** The operation that a request calls, if it is one of this service's. */
  operationOf(request: HttpRequest): string | undefined;
  /**
   * What a request asks this service for, known or not, if the request shows by itself that it is meant for this service.
   * S3 leaves this out: it takes what no other service claims.
   */
  claims?(request: HttpRequest): string | undefined;
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
  /** Answers what does not belong to the service's API, but to another API of its data stores, such as that of FHIR. */
  answerBeside?(request: HttpRequest): HttpReply | undefined;
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
