import { HealthLakeClient } from '@aws-sdk/client-healthlake';
import { MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import { S3Client } from '@aws-sdk/client-s3';
import type { AwsClients } from '../activities/index.ts';
import { isLoopback } from '../lib/loopback.ts';
import { UserError } from '../lib/user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of the AWS SDKs and the AWS CLI that put another endpoint in a service's place. */
const OVERRIDES = {
  imaging: 'AWS_ENDPOINT_URL_MEDICAL_IMAGING',
  healthlake: 'AWS_ENDPOINT_URL_HEALTHLAKE',
  s3: 'AWS_ENDPOINT_URL_S3',
} as const satisfies Record<keyof AwsClients, string>;

/**
 * The AWS clients of a worker: credentials, region and endpoints by the SDK's own chain.
 *
 * One attempt a call: retries belong to Temporal, where they are seen and outlive the worker.
 *
 * @param timeout - the start-to-close time-out of an activity, in milliseconds
 */
export function createAwsClients(env: Environment, timeout: number): AwsClients {
  // It warns of versions to come; the versions installed here support every Node that package.json does.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const common = (service: keyof AwsClients) => {
    const endpoint = overrideOf(env, service);
    return {
      maxAttempts: 1,
      // Before the attempt times out, so that Temporal hears of the service's silence and not of the worker's.
      requestHandler: {
        connectionTimeout: Math.min(0.4 * timeout, 5_000),
        requestTimeout: 0.8 * timeout,
        throwOnRequestTimeout: true,
      },
      // The SDK would look for `runtime-127.0.0.1` otherwise.
      ...(endpoint !== undefined && { endpoint, disableHostPrefix: true }),
    };
  };
  return {
    imaging: new MedicalImagingClient(common('imaging')),
    healthlake: new HealthLakeClient(common('healthlake')),
    // With an override there is no DNS name for each bucket.
    s3: new S3Client({ ...common('s3'), forcePathStyle: overrideOf(env, 's3') !== undefined }),
  };
}

/**
 * Where each client will go.
 *
 * @throws UserError when no region is set, or when some endpoints are on this machine and others are not: real data
 *   would be imported on the word of a stand-in, or the other way round. `ALLOW_MIXED_ENDPOINTS=1` lets it pass.
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
        'Set all of them or none, or ALLOW_MIXED_ENDPOINTS=1 if this is meant.',
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
