import { ApplicationFailure } from '@temporalio/activity';
import { isRecord, recordOf } from '../lib/guards.ts';
import { bytesOf, cutText } from '../lib/size.ts';
import { MENDED_WITHIN } from '../pacing/pacing.ts';
import { retryDelay, type RequestRates } from './retry-delay.ts';

/**
 * How long an error is worth retrying:
 * - `untilDeadline`: it passes by itself, so that only the time-out of the step ends the retries.
 * - `tenMinutes`: somebody may be fixing it right now (credentials, configuration, an error never seen before).
 * - `never`: the same request can only fail the same way.
 */
type Persistence = 'untilDeadline' | 'tenMinutes' | 'never';

/**
 * What an error says about the change that was requested. `once` decides by it:
 * - `refused`: AWS did not apply it, and the same request may succeed later, for example after throttling.
 * - `conflict`: AWS did not apply it, because the resource is locked or has a newer version.
 * - `rejected`: AWS did not apply it and never will.
 * - `unknown`: AWS may have applied it, for example when the connection broke before the reply.
 */
type Effect = 'refused' | 'conflict' | 'rejected' | 'unknown';

/** First of `details` of every failure that comes from an AWS call. */
export interface AwsFailureDetails {
  operation: string;
  effect: Effect;
  retry: Persistence;
  httpStatus?: number;
  requestId?: string;
  /** The `Retry-After` of the reply, in milliseconds. (A failure's `nextRetryDelay` does not reach workflows.) */
  retryAfter?: number;
  /** What AWS or its SDK says, where that may hold patient data, and so cannot stand in the message. */
  awsMessage?: string;
}

interface Rule {
  readonly retry: Persistence;
  readonly effect: Effect;
}

const PASSES: Rule = { retry: 'untilDeadline', effect: 'refused' };
const MENDABLE: Rule = { retry: 'tenMinutes', effect: 'refused' };
const FINAL: Rule = { retry: 'never', effect: 'rejected' };
const AMBIGUOUS: Rule = { retry: 'untilDeadline', effect: 'unknown' };
const MYSTERIOUS: Rule = { retry: 'tenMinutes', effect: 'unknown' };

/** The retry table. An operation's own row wins over the error's; what is in neither is judged by its HTTP status. */
const BY_ERROR: Readonly<Record<string, Rule>> = {
  ThrottlingException: PASSES,
  InternalServerException: AMBIGUOUS,
  // A quota on what exists at one time. For a create it means "you own too many", which no waiting mends.
  ServiceQuotaExceededException: FINAL,
  ConflictException: { retry: 'tenMinutes', effect: 'conflict' },
  ValidationException: FINAL,
  AccessDeniedException: FINAL,
  ResourceNotFoundException: FINAL,
  NotAcceptableException: FINAL,
  BadRequestException: FINAL,
  // What S3 calls them.
  NoSuchBucket: FINAL,
  PermanentRedirect: FINAL,
  AccessDenied: FINAL,
  // Nothing was sent.
  CredentialsProviderError: MENDABLE,
  TokenProviderError: MENDABLE,
  // The connection was never made, so the service has seen nothing.
  ECONNREFUSED: PASSES,
  ENOTFOUND: PASSES,
  EAI_AGAIN: PASSES,
};

const BY_OPERATION: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  // "Too many jobs at once" ends when one of them ends (aws-facts: 100 concurrent imports, no queue in the service).
  startDICOMImportJob: { ServiceQuotaExceededException: PASSES, ConflictException: FINAL },
  startFHIRImportJob: { ServiceQuotaExceededException: PASSES, ConflictException: FINAL },
  startFHIRExportJob: { ServiceQuotaExceededException: PASSES, ConflictException: FINAL },
  createDatastore: { ConflictException: FINAL },
  createFHIRDatastore: { ConflictException: FINAL },
  copyImageSet: { ServiceQuotaExceededException: PASSES },
  updateImageSetMetadata: { ServiceQuotaExceededException: PASSES },
  // "Requested ImageSet metadata is not consistent yet": seen for seconds after an import has COMPLETED.
  getImageSetMetadata: { ConflictException: { retry: 'untilDeadline', effect: 'conflict' } },
};

/**
 * S3's errors for a bucket in another region (S3 API Reference, error responses); the last two have other reasons as well, so
 * that only a region in the reply tells.
 */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/**
 * Errors whose words name resources, accounts, hosts and limits, and so may stand in a message that logs and lists show. The
 * words of all others go into the details alone. They may quote the input (`ValidationException`), the reply (what the SDK
 * throws where it cannot read one), or a key in S3 (S3's `AccessDenied` names what was not allowed).
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

/** What Node and the SDK call a connection that broke, or an answer that never came: the request may have arrived. */
const BROKEN_CONNECTION =
  /^(TimeoutError|AbortError|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/** A stale `latestVersionId` is answered as "not found"; only the text tells it from a missing image set. */
const STALE_VERSION = /not the latest/i;

/**
 * A quota on the size of one request, such as the image frames of a copy (1,000, HealthImaging endpoints and quotas): the same
 * request can never pass, where "too many at once" passes. Both are a 402, and AWS does not document their words, so that
 * these are inferred; a message with other words is tried until the deadline.
 */
const SIZE_QUOTA = /\bframes?\b|\bsize\b|\bper copy\b/i;
const CONCURRENCY_QUOTA = /\bconcurren|\bin progress\b|\brunning\b/i;

/** The SDK's word for an id that is missing: a flow of a team's own may have passed one on unchecked. */
const UNSENDABLE = /^(No|Empty) value provided for input HTTP label/;

/** The attempt that has failed. */
export interface FailedAttempt {
  /** 1 for the first. */
  number: number;
  /** Milliseconds since the first attempt was scheduled. */
  age: number;
  /** For how many milliseconds after the first was scheduled another may begin; unlimited where absent. */
  budget?: number | undefined;
  /** Whether the call changes something in AWS. */
  changes?: boolean;
  rates?: RequestRates;
}

/**
 * Turns what the AWS SDK threw into the one failure that Temporal sees.
 *
 * Temporal retries a read after every error that may pass. It retries a change only where AWS has certainly not applied
 * it, as after throttling: a lost reply must reach the workflow, which alone can find out whether the change was made.
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
    message: `${operation}: ${plain ? seen.message : `${seen.type}; what AWS says may hold patient data, and is in the details`}`,
    nonRetryable:
      retry === 'never' ||
      (attempt.changes === true && effect !== 'refused') ||
      attempt.age + nextRetryDelay > (attempt.budget ?? Infinity) ||
      // A worker that was down for an hour has not tried for an hour: count attempts as well.
      (retry === 'tenMinutes' && attempt.age > MENDED_WITHIN && attempt.number >= 5),
    details: [details],
    nextRetryDelay,
    ...(error instanceof Error && plain && bytesOf(error.message) <= MOST_BYTES_OF_TEXT && { cause: error }),
  });
}

/** A proxy may answer with a page of HTML of any size, and Temporal drops the details of a failure of more than 2 MB. */
const MOST_BYTES_OF_TEXT = 5_000;

/** A header that asks for more is a mistake, or of a gateway that will not be there so long. */
const LONGEST_HINT = 10 * 60_000;

interface SeenError {
  readonly type: string;
  readonly message: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
  /** Milliseconds. */
  readonly retryAfter?: number;
  /** Of a bucket that is in another region than was asked. */
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
  if (httpStatus === undefined) return BROKEN_CONNECTION.test(type) ? AMBIGUOUS : MYSTERIOUS;
  if (httpStatus === 429) return PASSES;
  // An answer of "done" that broke off half-way says that it *was* done; a 408 or 5xx says nothing.
  return httpStatus < 400 || httpStatus === 408 || httpStatus >= 500 ? AMBIGUOUS : MENDABLE;
}

/** The members of an SDK error that matter, by its shape: which class it is of depends on package and realm. */
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
