import { ApplicationFailure } from '@temporalio/activity';
import { isRecord, recordOf } from '../lib/guards.ts';
import { bytesOf, cutText } from '../lib/size.ts';
import { MENDED_WITHIN } from '../pacing/pacing.ts';
import { retryDelay, type RequestRates } from './retry-delay.ts';

/**
 * How long to retry after an error:
 * - `untilDeadline`: it is temporary, so only the timeout of the step ends the retries.
 * - `tenMinutes`: somebody may be fixing it, for example expired credentials, or the error is unknown.
 * - `never`: the same request always fails.
 */
export type Persistence = 'untilDeadline' | 'tenMinutes' | 'never';

/**
 * What an error says about the change that was requested. `once` decides by it:
 * - `refused`: AWS did not apply it, and the same request may succeed later, for example after throttling.
 * - `conflict`: AWS did not apply it, because the resource is locked or has a newer version.
 * - `rejected`: AWS did not apply it and never will.
 * - `unknown`: AWS may have applied it, for example when the connection broke before the reply.
 */
export type Effect = 'refused' | 'conflict' | 'rejected' | 'unknown';

/** The first of the `details` of every failure of an AWS call. */
export interface AwsFailureDetails {
  operation: string;
  effect: Effect;
  retry: Persistence;
  httpStatus?: number;
  requestId?: string;
  /** The `Retry-After` of the reply, in milliseconds. (A failure's `nextRetryDelay` does not reach workflows.) */
  retryAfter?: number;
  /** The message of AWS or of its SDK, where it may hold patient data and so must not be in the failure's message. */
  awsMessage?: string;
}

interface Rule {
  readonly retry: Persistence;
  readonly effect: Effect;
}

const TEMPORARY: Rule = { retry: 'untilDeadline', effect: 'refused' };
const MENDABLE: Rule = { retry: 'tenMinutes', effect: 'refused' };
const FINAL: Rule = { retry: 'never', effect: 'rejected' };
const AMBIGUOUS: Rule = { retry: 'untilDeadline', effect: 'unknown' };
const UNFAMILIAR: Rule = { retry: 'tenMinutes', effect: 'unknown' };

/** The retry table. An operation's own row takes precedence. An error without a row is classified by its HTTP status. */
const BY_ERROR: Readonly<Record<string, Rule>> = {
  ThrottlingException: TEMPORARY,
  InternalServerException: AMBIGUOUS,
  // A quota on how many resources an account may have, such as data stores. Retrying cannot succeed until one is deleted.
  ServiceQuotaExceededException: FINAL,
  ConflictException: { retry: 'tenMinutes', effect: 'conflict' },
  ValidationException: FINAL,
  AccessDeniedException: FINAL,
  ResourceNotFoundException: FINAL,
  NotAcceptableException: FINAL,
  BadRequestException: FINAL,
  // S3's names.
  NoSuchBucket: FINAL,
  PermanentRedirect: FINAL,
  AccessDenied: FINAL,
  // Nothing was sent.
  CredentialsProviderError: MENDABLE,
  TokenProviderError: MENDABLE,
  // There was no connection, so the request was not sent.
  ECONNREFUSED: TEMPORARY,
  ENOTFOUND: TEMPORARY,
  EAI_AGAIN: TEMPORARY,
};

const BY_OPERATION: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  // Too many concurrent jobs (HealthImaging: 100, without a queue): a retry succeeds when one of them has ended.
  startDICOMImportJob: { ServiceQuotaExceededException: TEMPORARY, ConflictException: FINAL },
  startFHIRImportJob: { ServiceQuotaExceededException: TEMPORARY, ConflictException: FINAL },
  startFHIRExportJob: { ServiceQuotaExceededException: TEMPORARY, ConflictException: FINAL },
  createDatastore: { ConflictException: FINAL },
  createFHIRDatastore: { ConflictException: FINAL },
  copyImageSet: { ServiceQuotaExceededException: TEMPORARY },
  updateImageSetMetadata: { ServiceQuotaExceededException: TEMPORARY },
  // "Requested ImageSet metadata is not consistent yet": AWS answers this for some seconds after an import has COMPLETED.
  getImageSetMetadata: { ConflictException: { retry: 'untilDeadline', effect: 'conflict' } },
};

/**
 * S3's errors for a bucket in another region (S3 API Reference, error responses). The last two have other causes, too, so
 * only a region in the reply shows that it is this one.
 */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/**
 * Errors whose messages only name resources, accounts, hosts and limits, and so may be in a failure's message, which logs and
 * lists show. All other messages go only into the details, because they may quote the input (`ValidationException`), the
 * reply (when the SDK cannot parse it), or a key in S3 (S3's `AccessDenied`).
 */
const PLAIN: ReadonlySet<string> = new Set([
  'ThrottlingException',
  'InternalServerException',
  'ServiceQuotaExceededException',
  'ConflictException',
  'AccessDeniedException',
  'ResourceNotFoundException',
  'NoSuchBucket',
  'CredentialsProviderError',
  'TokenProviderError',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  ...ELSEWHERE,
]);

function isPlain({ type, message }: SeenError): boolean {
  return PLAIN.has(type) || BROKEN_CONNECTION.test(type) || UNSENDABLE.test(message);
}

/** The names that Node and the SDK use for a broken connection or a missing reply: the request may have reached AWS. */
const BROKEN_CONNECTION =
  /^(TimeoutError|AbortError|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/** For a stale `latestVersionId` AWS answers "not found". Only the message distinguishes it from a missing image set. */
const STALE_VERSION = /not the latest/i;

/**
 * A quota on the size of one request, such as the image frames of a copy (1,000, HealthImaging endpoints and quotas). The same
 * request always fails, whereas a quota on concurrent requests is temporary. Both are a 402. AWS does not document their
 * messages, so these patterns are inferred; an error that matches none is retried until the deadline.
 */
const SIZE_QUOTA = /\bframes?\b|\bsize\b|\bper copy\b/i;
const CONCURRENCY_QUOTA = /\bconcurren|\bin progress\b|\brunning\b/i;

/** The SDK's message for a missing id, which a custom flow may have passed on without a check. */
const UNSENDABLE = /^(No|Empty) value provided for input HTTP label/;

/** The attempt that has failed. */
export interface FailedAttempt {
  /** 1 for the first. */
  number: number;
  /** Milliseconds since the first attempt was scheduled. */
  age: number;
  /** How many milliseconds after the first attempt was scheduled another one may begin; unlimited where absent. */
  budget?: number | undefined;
  /** Whether the call changes something in AWS. */
  changes?: boolean;
  rates?: RequestRates;
}

/**
 * Turns an error of the AWS SDK into the failure of the activity.
 *
 * Temporal retries a read after every temporary error. It retries a change only where AWS has certainly not applied it, for
 * example after throttling. After a lost reply the activity fails, because only the workflow can find out whether AWS has
 * made the change.
 *
 * @param operation - the SDK's method name
 * @param error - whatever was thrown
 * @returns a failure whose `type` is the AWS exception name (or the network error's code), with
 *   {@link AwsFailureDetails} and the delay before the next attempt: see {@link retryDelay}, and never less than the
 *   `Retry-After` of the reply
 */
export function toFailure(operation: string, error: unknown, attempt: FailedAttempt): ApplicationFailure {
  const seen = readError(error);
  const { retry, effect } = ruleFor(operation, seen);
  const details: AwsFailureDetails = { operation, effect, retry };
  if (seen.httpStatus !== undefined) details.httpStatus = seen.httpStatus;
  if (seen.requestId !== undefined) details.requestId = seen.requestId;
  if (seen.retryAfter !== undefined) details.retryAfter = seen.retryAfter;
  const plain = isPlain(seen);
  if (!plain) details.awsMessage = seen.message;
  const nextRetryDelay = (seen.retryAfter ?? 0) + retryDelay(operation, attempt);
  return ApplicationFailure.create({
    type: seen.type,
    message: `${operation}: ${plain ? seen.message : `${seen.type}; the message of AWS may hold patient data and is in the details`}`,
    nonRetryable:
      retry === 'never' ||
      (attempt.changes === true && effect !== 'refused') ||
      attempt.age + nextRetryDelay > (attempt.budget ?? Infinity) ||
      // The age includes time in which no worker polled, so there must have been some attempts, too.
      (retry === 'tenMinutes' && attempt.age > MENDED_WITHIN && attempt.number >= 5),
    details: [details],
    nextRetryDelay,
    ...(error instanceof Error && plain && bytesOf(error.message) <= MOST_BYTES_OF_TEXT && { cause: error }),
  });
}

/** A proxy may answer with an HTML page of any size, and Temporal drops the details of a failure of more than 2 MB. */
const MOST_BYTES_OF_TEXT = 5_000;

/** A longer `Retry-After` is taken for a mistake of the server or a gateway. */
const LONGEST_HINT = 10 * 60_000;

interface SeenError {
  readonly type: string;
  readonly message: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
  /** Milliseconds. */
  readonly retryAfter?: number;
  /** The region of the bucket, if S3 refused the request because the bucket is not in the worker's region. */
  readonly bucketRegion?: string;
}

function ruleFor(operation: string, { type, message, httpStatus, bucketRegion }: SeenError): Rule {
  if (STALE_VERSION.test(message)) return { retry: 'never', effect: 'conflict' };
  if (UNSENDABLE.test(message) || bucketRegion !== undefined) return FINAL;
  if (
    type === 'ServiceQuotaExceededException' &&
    SIZE_QUOTA.test(message) &&
    !CONCURRENCY_QUOTA.test(message)
  )
    return FINAL;
  const listed = BY_OPERATION[operation]?.[type] ?? BY_ERROR[type];
  if (listed) return listed;
  if (httpStatus === undefined) return BROKEN_CONNECTION.test(type) ? AMBIGUOUS : UNFAMILIAR;
  if (httpStatus === 429) return TEMPORARY;
  // If reading a successful reply fails halfway, AWS has applied the request. After a 408 or 5xx it may have.
  return httpStatus < 400 || httpStatus === 408 || httpStatus >= 500 ? AMBIGUOUS : MENDABLE;
}

/** Reads an SDK error by its shape, because `instanceof` fails for a class from another package version or realm. */
function readError(error: unknown): SeenError {
  if (!isRecord(error)) return { type: 'UnknownError', message: String(error) };
  const text = (name: string) =>
    typeof error[name] === 'string' ? cutText(error[name], MOST_BYTES_OF_TEXT) : '';
  const [name, code] = [text('name'), text('code')];
  const { httpStatusCode, requestId } = recordOf(error['$metadata']);
  const headers = recordOf(recordOf(error['$response'])['headers']);
  const retryAfter = Number(headers['retry-after']);
  const region = ELSEWHERE.has(name) ? (headers['x-amz-bucket-region'] ?? error['Region']) : undefined;
  const bucketRegion = typeof region === 'string' ? region : undefined;
  const advice =
    bucketRegion === undefined
      ? ''
      : ` (the bucket is in region ${bucketRegion}: name one in the region of this worker, or run a worker there)`;
  return {
    type: name === 'Error' || name === 'AggregateError' ? code || name : name || 'UnknownError',
    // An AggregateError of refused connections (IPv4 and IPv6) has an empty message.
    message: (text('message') || code || name) + advice,
    ...(typeof httpStatusCode === 'number' && { httpStatus: httpStatusCode }),
    ...(typeof requestId === 'string' && { requestId }),
    ...(bucketRegion !== undefined && { bucketRegion }),
    ...(retryAfter > 0 && { retryAfter: Math.min(retryAfter * 1000, LONGEST_HINT) }),
  };
}
