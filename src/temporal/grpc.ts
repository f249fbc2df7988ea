import { isGrpcDeadlineError } from '@temporalio/client';
import { isRecord } from '../lib/guards.ts';

/** The status codes of gRPC (https://grpc.io/docs/guides/status-codes/) that this package tells apart. */
const STATUS_CODES = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  UNAUTHENTICATED: 16,
} as const;

/** Whether an error is a reply of the Temporal server with one of these status codes. */
export function isGrpcError(error: unknown, ...statuses: readonly (keyof typeof STATUS_CODES)[]): boolean {
  return isRecord(error) && statuses.some((status) => error['code'] === STATUS_CODES[status]);
}

/** How often a read is sent before its time-out is reported. Each attempt may take the server ten seconds. */
const READ_ATTEMPTS = 6;

/**
 * Reads from the Temporal server, again where a busy server has exceeded its own deadline for the reply. The SDK repeats calls
 * that fail for other passing reasons, but not these.
 *
 * @param read - changes nothing, so that it may be repeated
 * @throws what `read` throws, a time-out only after six attempts
 */
export async function readPatiently<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (!isGrpcDeadlineError(error) || attempt === READ_ATTEMPTS) throw error;
    }
  }
}
