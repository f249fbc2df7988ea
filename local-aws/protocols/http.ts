import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { ServiceError } from '../errors.ts';

export interface HttpRequest {
  readonly method: string;
  /** Still percent-encoded, because an encoded slash (`%2F`) is part of a path label and does not end it. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The whole content. Empty if {@link content} has not been read. */
  readonly body: Uint8Array;
  readonly content?: Readable;
  /** Aborts when the connection is closed, so that an answer can no longer be sent. */
  readonly gone?: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Replaces a body that may be larger than the memory. The headers contain its length. */
  readonly stream?: Readable;
  /** The connection breaks in the middle of the body. */
  readonly cut?: boolean;
}

/** The server side of an AWS protocol, for one service. */
export interface Protocol {
  readonly operations: readonly string[];
  /** Whether operations read the content of their requests themselves, because it may be larger than the memory. */
  readonly streams?: boolean;
  /** The operation that a request calls, if it is one of this service's. */
  operationOf(request: HttpRequest): string | undefined;
  /**
   * What a request asks for, if its headers or path show that it is meant for this service, even if the operation is unknown. S3
   * does not have this method: it gets the requests that no other service claims.
   */
  claims?(request: HttpRequest): string | undefined;
  /** @throws ServiceError if the request is not valid in this protocol */
  decode(operation: string, request: HttpRequest): Promise<object>;
  encode(operation: string, output: object): Promise<HttpReply>;
  encodeError(error: ServiceError): HttpReply;
}

/** An AWS service: the protocol of its requests and replies, and what its operations do. */
export interface Service {
  /** The name that requests are signed for, such as `medical-imaging`. */
  readonly name: string;
  readonly protocol: Protocol;
  /** Whether the operations have rates, which the setting `limits` turns on. */
  readonly isThrottled?: boolean;
  /** @param gone - aborts when the client is not there any more, for an operation that waits */
  run(operation: string, input: object, gone?: AbortSignal): Promise<object>;
  /** Answers a request to another API of the service's data stores, such as FHIR REST. */
  answerBeside?(request: HttpRequest): HttpReply | undefined;
  /** Schedules the pending work of jobs: after a restart, or when a test has changed the state of a job. */
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
