import {
  ConflictException,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-medical-imaging';
import { toFailure, type AwsFailureDetails, type FailedAttempt } from '../../src/activities/aws-errors.ts';

const first = { number: 1, age: 0 };
const late = { number: 9, age: 11 * 60_000 };
const SECRET = 'DOE^JANE';

/** An error as the AWS SDK throws it. */
function awsError(
  name: string,
  httpStatusCode?: number,
  message = 'Something is off',
  more: object = {},
): Error {
  return Object.assign(new Error(message), {
    name,
    $metadata: { httpStatusCode, requestId: 'r-1' },
    ...more,
  });
}

function mapped(operation: string, error: unknown, attempt: FailedAttempt = first) {
  const { type, nonRetryable, details, nextRetryDelay, message } = toFailure(operation, error, attempt);
  const [{ effect, retry }] = details as [AwsFailureDetails];
  return { type, nonRetryable, effect, retry, nextRetryDelay, message };
}

describe('an AWS error becomes a failure with the AWS name', () => {
  test.each([
    [
      'getImageSet',
      'ThrottlingException',
      429,
      { nonRetryable: false, effect: 'refused', retry: 'untilDeadline' },
    ],
    [
      'getImageSet',
      'InternalServerException',
      500,
      { nonRetryable: false, effect: 'unknown', retry: 'untilDeadline' },
    ],
    ['getImageSet', 'AccessDeniedException', 403, { nonRetryable: true, effect: 'rejected' }],
    ['listInput', 'AccessDenied', 403, { nonRetryable: true, effect: 'rejected' }],
    ['listInput', 'NoSuchBucket', 404, { nonRetryable: true, effect: 'rejected' }],
    ['getImageSet', 'ResourceNotFoundException', 404, { nonRetryable: true, effect: 'rejected' }],
    ['getImageSet', 'ValidationException', 400, { nonRetryable: true, effect: 'rejected' }],
    [
      'getImageSet',
      'ConflictException',
      409,
      { nonRetryable: false, effect: 'conflict', retry: 'tenMinutes' },
    ],
    ['getImageSetMetadata', 'ConflictException', 409, { nonRetryable: false, retry: 'untilDeadline' }],
    ['copyImageSet', 'ServiceQuotaExceededException', 402, { nonRetryable: false, effect: 'refused' }],
    [
      'startDICOMImportJob',
      'ServiceQuotaExceededException',
      402,
      { nonRetryable: false, retry: 'untilDeadline' },
    ],
    ['createDatastore', 'ServiceQuotaExceededException', 402, { nonRetryable: true }],
    ['startDICOMImportJob', 'ConflictException', 409, { nonRetryable: true }],
    [
      'getImageSet',
      'ExpiredTokenException',
      403,
      { nonRetryable: false, retry: 'tenMinutes', effect: 'refused' },
    ],
    ['getImageSet', 'CredentialsProviderError', undefined, { nonRetryable: false, retry: 'tenMinutes' }],
    ['getImageSet', 'NeverSeenException', 418, { nonRetryable: false, retry: 'tenMinutes' }],
    [
      'getImageSet',
      'ServiceUnavailable',
      503,
      { nonRetryable: false, retry: 'untilDeadline', effect: 'unknown' },
    ],
    [
      'getImageSet',
      'TimeoutError',
      undefined,
      { nonRetryable: false, retry: 'untilDeadline', effect: 'unknown' },
    ],
  ])('%s: %s', (operation, name, status, expected) => {
    expect(mapped(operation, awsError(name, status))).toMatchObject({ type: name, ...expected });
  });

  test('of the network, by its code: a refused connection has certainly had no effect, a reset one may have', () => {
    const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    expect(mapped('copyImageSet', refused)).toMatchObject({ type: 'ECONNREFUSED', effect: 'refused' });
    expect(mapped('copyImageSet', reset)).toMatchObject({ type: 'ECONNRESET', effect: 'unknown' });
  });

  test('what somebody may be mending is given ten minutes and five attempts', () => {
    const expired = awsError('ExpiredTokenException', 403);
    expect(mapped('getImageSet', expired, late).nonRetryable).toBe(true);
    expect(mapped('getImageSet', expired, { ...late, number: 2 }).nonRetryable).toBe(false);
    expect(mapped('getImageSet', awsError('ThrottlingException', 429), late).nonRetryable).toBe(false);
  });

  // "Image frames per CopyImageSet: 1,000" (HealthImaging endpoints and quotas). AWS does not document the words: inferred.
  test.each([
    ['The number of image frames to copy exceeds the quota of 1000.', true],
    ['Maximum size of the request exceeded', true],
    ['Too many concurrent CopyImageSet requests', false],
    ['The number of concurrent copies exceeds the size of the quota', false],
    ['Service quota exceeded', false],
  ])('a quota on the size of a copy never passes, one on copies at a time does: %s', (message, final) => {
    const error = awsError('ServiceQuotaExceededException', 402, message);
    expect(mapped('copyImageSet', error)).toMatchObject({
      nonRetryable: final,
      effect: final ? 'rejected' : 'refused',
    });
  });

  // S3 API Reference, error responses: "PermanentRedirect: The bucket you are attempting to access must be addressed using
  // the specified endpoint", 301; the region stands in the header x-amz-bucket-region, or in the error as Region.
  test.each([
    ['PermanentRedirect', 301, { $response: { headers: { 'x-amz-bucket-region': 'eu-central-1' } } }],
    ['AuthorizationHeaderMalformed', 400, { Region: 'eu-central-1' }],
  ])('a bucket in another region is final, and its region is told: %s', (name, status, more) => {
    expect(mapped('readImportOutcome', awsError(name, status, 'elsewhere', more))).toMatchObject({
      nonRetryable: true,
      effect: 'rejected',
      message: expect.stringContaining('the bucket is in region eu-central-1'),
    });
    expect(mapped('readImportOutcome', awsError('PermanentRedirect', 301)).nonRetryable).toBe(true);
    expect(mapped('listInput', awsError('AuthorizationHeaderMalformed', 400)).nonRetryable).toBe(false);
  });

  test('what cannot even be sent is not tried again', () => {
    const unsendable = new Error('No value provided for input HTTP label: imageSetId.');
    expect(mapped('getImageSet', unsendable)).toMatchObject({ nonRetryable: true, effect: 'rejected' });
  });

  test('a stale version is a conflict, whichever exception carries it', () => {
    const message = 'Requested version(s) of ImageSet(s) is not the latest.';
    const options = { $metadata: {}, message };
    expect(mapped('copyImageSet', new ResourceNotFoundException(options)).effect).toBe('conflict');
    expect(mapped('copyImageSet', new ConflictException(options)).effect).toBe('conflict');
  });

  test.each([
    ['7', 7_000],
    ['1000000000', 600_000],
    ['Fri, 31 Dec 1999 23:59:59 GMT', 0],
  ])("the service's hint of %s is the shortest delay before the next attempt", (hint, delay) => {
    const throttled = awsError('ThrottlingException', 429, '', {
      $response: { headers: { 'retry-after': hint } },
    });
    const { nextRetryDelay } = mapped('getImageSet', throttled);
    // The first interval of getImageSet, which AWS takes 25 times a second, is 40 ms.
    expect(nextRetryDelay).toBeGreaterThan(delay);
    expect(nextRetryDelay).toBeLessThanOrEqual(delay + 40);
  });

  test('of a change only a refusal is retried by Temporal: a lost reply and a conflict go to the workflow', () => {
    const change = { ...first, changes: true };
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    const retried = (error: Error, attempt: FailedAttempt) =>
      mapped('copyImageSet', error, attempt).nonRetryable !== true;
    expect(retried(awsError('ThrottlingException', 429), change)).toBe(true);
    expect(retried(lost, change)).toBe(false);
    expect(retried(awsError('ConflictException', 409), change)).toBe(false);
    expect(retried(lost, first)).toBe(true);
    expect(retried(awsError('ConflictException', 409), first)).toBe(true);
  });

  test('what has no time left for another attempt is not retried', () => {
    const throttled = awsError('ThrottlingException', 429, '', {
      $response: { headers: { 'retry-after': '7' } },
    });
    const nonRetryable = (budget: number) =>
      mapped('getImageSet', throttled, { number: 3, age: 10_000, budget }).nonRetryable;
    expect(nonRetryable(16_000)).toBe(true);
    expect(nonRetryable(18_000)).toBe(false);
  });

  test('an answer of "done" that broke off half-way, or made no sense, may have been done', () => {
    const cut = Object.assign(new Error('aborted'), {
      code: 'ECONNRESET',
      $metadata: { httpStatusCode: 200 },
    });
    expect(mapped('copyImageSet', cut)).toMatchObject({ type: 'ECONNRESET', effect: 'unknown' });
    const garbled = Object.assign(new SyntaxError(SECRET), { $metadata: { httpStatusCode: 200 } });
    expect(mapped('copyImageSet', garbled)).toMatchObject({ type: 'SyntaxError', effect: 'unknown' });
    expect(mapped('copyImageSet', garbled).message).not.toContain(SECRET);
  });

  test('what nobody has foreseen is taken as possibly done, and not tried for a day', () => {
    const noRegion = new Error('Region is missing');
    expect(mapped('copyImageSet', noRegion)).toMatchObject({ effect: 'unknown', retry: 'tenMinutes' });
  });

  test('what AWS quotes of an input stays out of the message and of the cause', () => {
    const failure = toFailure(
      'startFHIRImportJob',
      new ValidationException({ $metadata: {}, message: SECRET }),
      first,
    );
    expect(failure.message).not.toContain(SECRET);
    expect(failure.cause).toBeUndefined();
    expect(failure.details?.[0]).toMatchObject({ awsMessage: SECRET });
  });

  // S3's troubleshooting of 403: "User: … is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::bucket/key".
  // A reply that the SDK cannot read is quoted: smithy's `expectNumber` throws `Expected number, got string: …`.
  test.each([
    ['AccessDenied', `not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::in/${SECRET}.dcm"`],
    ['TypeError', `Expected number, got string: ${SECRET}`],
    ['AnExceptionOfTomorrow', `What is ${SECRET}?`],
  ])(
    'so do the words of %s: only words that are known to name no more than resources are shown',
    (name, message) => {
      const failure = toFailure('getImageSet', Object.assign(new Error(message), { name }), first);
      expect(failure).toMatchObject({
        type: name,
        message: expect.stringContaining(`getImageSet: ${name};`),
      });
      expect(failure.cause).toBeUndefined();
      expect(failure.details?.[0]).toMatchObject({ awsMessage: message });
    },
  );

  test.each(['AccessDeniedException', 'ThrottlingException', 'ECONNREFUSED'])(
    'the words of %s are shown',
    (name) => {
      const failure = toFailure('getImageSet', Object.assign(new Error('as told'), { name }), first);
      expect(failure.message).toBe('getImageSet: as told');
    },
  );

  test('something that is no error at all still has a name', () => {
    expect(mapped('getImageSet', 'boom')).toMatchObject({
      type: 'UnknownError',
      message: expect.stringMatching(/^getImageSet: UnknownError;/),
    });
  });
});
