import { HealthLakeClient } from '@aws-sdk/client-healthlake';
import { MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import { S3Client } from '@aws-sdk/client-s3';
import type { AwsClients } from '../activities/index.ts';
import { silenceNodeWarning } from '../lib/aws-sdk.ts';
import { isLoopback } from '../lib/loopback.ts';
import { UserError } from '../lib/user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The service-specific endpoint variables of the AWS SDKs and the AWS CLI. */
const OVERRIDES = {
  imaging: 'AWS_ENDPOINT_URL_MEDICAL_IMAGING',
  healthlake: 'AWS_ENDPOINT_URL_HEALTHLAKE',
  s3: 'AWS_ENDPOINT_URL_S3',
} as const satisfies Record<keyof AwsClients, string>;

/**
 * Creates the AWS clients of a worker, with the credentials, region and endpoints of the SDK's default provider chain.
 *
 * The clients make one attempt per call. Temporal retries instead: its retries are visible in the Web UI, and continue on
 * another worker if this one is killed.
 *
 * @param timeout - the start-to-close time-out of an activity, in milliseconds
 */
export function createAwsClients(env: Environment, timeout: number): AwsClients {
  silenceNodeWarning();
  const common = (service: keyof AwsClients) => {
    const endpoint = overrideOf(env, service);
    return {
      maxAttempts: 1,
      // Shorter than the activity's time-out, so that the activity fails because AWS did not answer. If Temporal's time-out
      // came first, it would look as if the worker had died.
      requestHandler: {
        connectionTimeout: Math.min(0.4 * timeout, 5_000),
        requestTimeout: 0.8 * timeout,
        throwOnRequestTimeout: true,
      },
      // Otherwise the SDK would prefix the host and resolve `runtime-127.0.0.1`.
      ...(endpoint !== undefined && { endpoint, disableHostPrefix: true }),
    };
  };
  return {
    imaging: new MedicalImagingClient(common('imaging')),
    healthlake: new HealthLakeClient(common('healthlake')),
    // A local endpoint has no DNS name for each bucket.
    s3: new S3Client({ ...common('s3'), forcePathStyle: overrideOf(env, 's3') !== undefined }),
  };
}

/**
 * The endpoint of each client.
 *
 * @throws UserError if no region is set, or if some endpoints are on this machine and others are not: a run could then list
 *   files in a local S3 and import from the real one. `ALLOW_MIXED_ENDPOINTS=1` permits it.
 */
export async function describeEndpoints(
  aws: AwsClients,
  env: Environment,
): Promise<Record<keyof AwsClients, string>> {
  const region = await aws.imaging.config.region().catch(() => {
    throw new UserError('No AWS region is set. Set AWS_REGION, or a region in the AWS profile.');
  });
  const at = (service: keyof AwsClients, host: string) =>
    overrideOf(env, service) ?? `https://${host}.${region}.amazonaws.com`;
  const endpoints = {
    imaging: at('imaging', 'medical-imaging'),
    healthlake: at('healthlake', 'healthlake'),
    s3: at('s3', 's3'),
  };
  const local = Object.values(endpoints).map(isLoopback);
  if (local.includes(true) && local.includes(false) && env['ALLOW_MIXED_ENDPOINTS'] !== '1') {
    const list = Object.values(OVERRIDES).map(
      (name, index) => `${name} → ${Object.values(endpoints)[index]}`,
    );
    throw new UserError(
      `Some AWS endpoints are on this machine and others are real: ${list.join(', ')}. ` +
        'Set all of them or none. If you need both, set ALLOW_MIXED_ENDPOINTS=1.',
    );
  }
  return endpoints;
}

function overrideOf(env: Environment, service: keyof AwsClients): string | undefined {
  const name = env[OVERRIDES[service]] ? OVERRIDES[service] : 'AWS_ENDPOINT_URL';
  const endpoint = env[name] || undefined;
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
    throw new UserError(`${name} must begin with http:// or https://.`);
  }
  return endpoint;
}
