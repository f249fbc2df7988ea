/** The checks of AWS: credentials, endpoints, services, the buckets, role and key of an import, and the queue of events. */
import { ListFHIRDatastoresCommand } from '@aws-sdk/client-healthlake';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListDatastoresCommand, MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { AwsClients } from '../../activities/index.ts';
import { openQueue, type EventQueue } from '../../events/event-queue.ts';
import { createAwsClients, describeEndpoints } from '../../worker/aws-clients.ts';
import { silenceNodeWarning } from '../../lib/aws-sdk.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { awsFault, CREDENTIALS, CREDENTIALS_FIX, ForeignAnswer, type Asked } from './aws-faults.ts';
import { Fault, needed, NotApplicable, reasonOf, type Examination } from './examination.ts';

/** What the user has named to be checked: what the input of an import would name, and the queue of the command `events`. */
export interface AwsArgs {
  role: string | undefined;
  bucket: string[] | undefined;
  'kms-key': string | undefined;
  'event-queue': string | undefined;
}

const ENDPOINTS = 'AWS endpoints';

/** The time-out of one call, in milliseconds. */
const TIMEOUT = 10_000;
/** A user is waiting, so a call has a single attempt. */
const ONCE = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: TIMEOUT, throwOnRequestTimeout: true },
};

export async function examineAws(examination: Examination, args: AwsArgs): Promise<void> {
  silenceNodeWarning();
  await examination.check({
    name: CREDENTIALS,
    // A separate client, because the clients below cannot be created if an endpoint is invalid.
    look: () => new MedicalImagingClient({}).config.credentials(),
    tell: ({ accessKeyId }) => `access key ${accessKeyId.slice(0, 4)}…`,
    faultOf: (error) => {
      // The SDK's message does not name the profile.
      const profile = process.env['AWS_PROFILE'];
      return new Fault(reasonOf(error) + (profile ? ` (AWS_PROFILE is ${profile})` : ''), CREDENTIALS_FIX);
    },
  });
  // If AWS_PROFILE names a profile that does not exist, the region is missing too. Only the credentials check reports it.
  const isRegionOfProfile = Boolean(process.env['AWS_PROFILE']) && !process.env['AWS_REGION'];
  const aws = await examination.check({
    name: ENDPOINTS,
    needs: isRegionOfProfile ? [CREDENTIALS] : [],
    async look() {
      const clients = createAwsClients(process.env, TIMEOUT);
      const endpoints = await describeEndpoints(clients, process.env);
      return { clients, endpoints, region: await clients.imaging.config.region() };
    },
    tell: ({ endpoints }) => [...new Set(Object.values(endpoints))].join(', '),
  });
  /** Empty if an earlier check has failed; then the service is not called. */
  const endpointOf = (service: keyof AwsClients) => aws?.endpoints[service] ?? '';
  const ask = (name: string, asked: Asked, look: (clients: AwsClients) => Promise<string>) =>
    examination.check({
      name,
      needs: [ENDPOINTS, CREDENTIALS, asked.endpoint],
      look: () => look(needed(aws).clients),
      tell: (found) => found,
      faultOf: (error) => awsFault(error, asked),
    });
  const imaging = {
    service: 'HealthImaging',
    endpoint: endpointOf('imaging'),
    action: 'medical-imaging:*',
  };
  await ask('HealthImaging', imaging, async (clients) => {
    await clients.imaging.send(new ListDatastoresCommand({ maxResults: 1 }));
    return 'answers';
  });
  const healthlake = { service: 'HealthLake', endpoint: endpointOf('healthlake'), action: 'healthlake:*' };
  await ask('HealthLake', healthlake, async (clients) => {
    await clients.healthlake.send(new ListFHIRDatastoresCommand({ MaxResults: 1 }));
    return 'answers';
  });
  for (const bucket of args.bucket ?? []) {
    const s3 = askedOfBucket(bucket, endpointOf('s3'));
    await ask(`bucket ${bucket}`, s3, async (clients) => {
      const { Name } = await clients.s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
      if (Name === undefined) throw new ForeignAnswer();
      return 'can be listed';
    });
  }
  const isLocal = aws !== undefined && Object.values(aws.endpoints).every(isLoopback);
  const { role, 'kms-key': key, 'event-queue': queue } = args;
  if (role !== undefined) {
    const own = process.env['AWS_ENDPOINT_URL_IAM'];
    const endpoint = own || process.env['AWS_ENDPOINT_URL'] || 'https://iam.amazonaws.com';
    await ask('role', { ...ROLE, endpoint }, () => {
      if (isLocal && !own) throw new NotApplicable('the local AWS has no IAM');
      return lookAtRole(role);
    });
  }
  if (key !== undefined) {
    const own = process.env['AWS_ENDPOINT_URL_KMS'] || process.env['AWS_ENDPOINT_URL'];
    const endpoint = own || `https://kms.${aws?.region}.amazonaws.com`;
    await ask('KMS key', { ...KEY, endpoint }, () => {
      if (isLocal && !own) throw new NotApplicable('AWS is local, and AWS_ENDPOINT_URL_KMS is not set');
      return lookAtKey(key);
    });
  }
  if (queue !== undefined)
    await ask('event queue', askedOfQueue(queue), () => lookAtQueue(openQueue(queue, ONCE)));
}

const askedOfBucket = (bucket: string, endpoint: string): Asked => ({
  service: 'S3',
  endpoint,
  action: 's3:ListBucket and s3:GetObject',
  remedies: {
    NoSuchBucket: `aws s3 mb s3://${bucket}`,
    InvalidBucketName: 'give the name alone, such as --bucket incoming',
    PermanentRedirect: 'set AWS_REGION to the region of the bucket',
  },
});

/** The services that must be able to assume the role. */
const SERVICES = ['medical-imaging.amazonaws.com', 'healthlake.amazonaws.com'];
const TRUST = `name a role whose trust policy allows sts:AssumeRole to ${SERVICES.join(' or ')}`;

const ROLE = {
  service: 'IAM',
  action: 'iam:GetRole',
  remedies: { NoSuchEntity: TRUST, NoSuchEntityException: TRUST },
};

async function lookAtRole(role: string): Promise<string> {
  const RoleName = role.split('/').at(-1);
  const { Role } = await new IAMClient(ONCE).send(new GetRoleCommand({ RoleName }));
  if (Role === undefined) throw new ForeignAnswer();
  const trust = decodeURIComponent(Role.AssumeRolePolicyDocument ?? '');
  const trusted = SERVICES.filter((service) => trust.includes(service));
  if (trusted.length === 0) throw new Fault(`${RoleName} trusts neither ${SERVICES.join(' nor ')}`, TRUST);
  return `${RoleName} trusts ${trusted.join(' and ')}`;
}

const ANOTHER_KEY = 'run aws kms enable-key, or name another key of this region';

const KEY = {
  service: 'KMS',
  action: 'kms:DescribeKey',
  remedies: { NotFoundException: ANOTHER_KEY, InvalidArnException: ANOTHER_KEY },
};

async function lookAtKey(KeyId: string): Promise<string> {
  const { KeyMetadata } = await new KMSClient(ONCE).send(new DescribeKeyCommand({ KeyId }));
  if (KeyMetadata === undefined) throw new ForeignAnswer();
  if (!KeyMetadata.Enabled) throw new Fault(`the key is ${KeyMetadata.KeyState ?? 'unknown'}`, ANOTHER_KEY);
  return 'is enabled';
}

const ANOTHER_QUEUE =
  'deploy deploy/events.yaml, and give the URL that its output QueueUrl has; AWS_REGION must be that of the queue';

const askedOfQueue = (url: string): Asked => ({
  service: 'SQS',
  endpoint: URL.canParse(url) ? new URL(url).origin : url,
  action: 'sqs:GetQueueAttributes and sqs:GetQueueUrl',
  // The SDK reports the second name if the service still sends the name of its older protocol.
  remedies: { QueueDoesNotExist: ANOTHER_QUEUE, 'AWS.SimpleQueueService.NonExistentQueue': ANOTHER_QUEUE },
});

async function lookAtQueue(queue: EventQueue): Promise<string> {
  const { waiting, inFlight } = await queue.depth();
  const depth = `${waiting} messages waiting, ${inFlight} in flight`;
  const deadLetters = await queue.deadLetterUrl();
  if (deadLetters === undefined) {
    throw new Fault(
      `${depth}; the queue has no dead-letter queue, so a message that cannot be handled is received for days`,
      'deploy deploy/events.yaml, or set the RedrivePolicy of the queue: aws sqs set-queue-attributes',
    );
  }
  const { waiting: dead } = await queue.depth(deadLetters);
  if (dead > 0) {
    const of = `--queue-url ${deadLetters}`;
    throw new Fault(
      `${depth}; ${dead} dead letters`,
      `read them (aws sqs receive-message ${of}), and then remove them (aws sqs purge-queue ${of})`,
    );
  }
  return `${depth}; no dead letters`;
}
