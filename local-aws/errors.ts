/**
 * An error that a caller sees, by the name that the service gives it. The wire form (header, `__type`, XML) is the
 * protocol's business.
 */
export class ServiceError extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly wire: { readonly status?: number; readonly retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = 'ServiceError';
  }
}

export const isServiceError = (error: unknown): error is ServiceError => error instanceof ServiceError;

export const invalid = (message: string) => new ServiceError('ValidationException', message);

export const notFound = (what: string) => new ServiceError('ResourceNotFoundException', `${what} not found.`);

/** The name to log for anything thrown: a bug of ours is the service's internal error. */
export function errorType(error: unknown): string {
  return error instanceof ServiceError ? error.type : 'InternalServerException';
}
