/**
 * An error that the client receives, with the name that the service gives it. Each protocol writes it in its own form: as a
 * header, as `__type`, or in XML.
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

/** The code of an error of Node or LevelDB, such as `ENOENT`; undefined for an error without one. */
export function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}

/**
 * The name of an error in the log of calls. Any error but a {@link ServiceError} is a bug of the local AWS, which the client
 * receives as InternalServerException.
 */
export function errorType(error: unknown): string {
  return error instanceof ServiceError ? error.type : 'InternalServerException';
}
