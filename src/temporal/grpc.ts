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
