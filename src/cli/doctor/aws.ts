/** What `doctor` looks at of AWS: the endpoints, the credentials, the services, and what an import is given. */
import { ListFHIRDatastoresCommand } from '@aws-sdk/client-healthlake';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListDatastoresCommand, MedicalImagingClient } from '@aws-sdk/client-medical-imaging';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { AwsClients } from '../../activities/index.ts';
import { createAwsClients, describeEndpoints } from '../../worker/aws-clients.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { awsFault, CREDENTIALS, CREDENTIALS_FIX, ForeignAnswer, type Asked } from './aws-faults.ts';
import { Fault, needed, NotApplicable, reasonOf, type Examination } from './examination.ts';

/** What an import is given, to be looked at. */
export interface ImportArgs {
  role: string | undefined;
  bucket: string[] | undefined;
  'kms-key': string | undefined;
}

const ENDPOINTS = 'AWS endpoints';

/** Of one call, in milliseconds. */
const TIMEOUT = 10_000;
/** A person waits: one attempt, and no longer than that. */
const ONCE = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: TIMEOUT, throwOnRequestTimeout: true },
};

export async function examineAws(examination: Examination, args: ImportArgs): Promise<void> {
  await examination.check({
    name: CREDENTIALS,
    // A client of its own: those below cannot be made where an endpoint is wrong.
    look: () => new MedicalImagingClient({}).config.credentials(),
    tell: ({ accessKeyId }) => `access key ${accessKeyId.slice(0, 4)}…`,
    faultOf: (error) => {
      // The SDK does not say of which profile.
      const profile = process.env['AWS_PROFILE'];
      return new Fault(reasonOf(error) + (profile ? ` (AWS_PROFILE is ${profile})` : ''), CREDENTIALS_FIX);
    },
  });
  // A profile that is not there has no region either: one cause, told by the check of the credentials.
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
  /** Empty where a check that comes first has failed, and the service is not asked. */
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
  const { role, 'kms-key': key } = args;
  if (role !== undefined) {
    const iam = standIn('IAM', isLocal, 'iam.amazonaws.com');
    await ask('role', { ...ROLE, endpoint: iam.endpoint }, () => iam.ask(() => lookAtRole(role)));
  }
  if (key !== undefined) {
    const kms = standIn('KMS', isLocal, `kms.${aws?.region}.amazonaws.com`);
    await ask('KMS key', { ...KEY, endpoint: kms.endpoint }, () => kms.ask(() => lookAtKey(key)));
  }
}

/** The two services that the local AWS does not have: they are asked where they are AWS's, or have a stand-in. */
function standIn(service: 'IAM' | 'KMS', isLocal: boolean, host: string) {
  const own = process.env[`AWS_ENDPOINT_URL_${service}`];
  const ask = (look: () => Promise<string>) => {
    if (isLocal && !own) throw new NotApplicable(`the local AWS has no ${service}`);
    return look();
  };
  return { endpoint: own || process.env['AWS_ENDPOINT_URL'] || `https://${host}`, ask };
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

/** The services that have to be able to take on the role. */
const SERVICES = ['medical-imaging.amazonaws.com', 'healthlake.amazonaws.com'];
const TRUST = `a role whose trust policy lets ${SERVICES.join(' or ')} do sts:AssumeRole`;

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
  return `${RoleName} is trusted to ${trusted.join(' and ')}`;
}

const ANOTHER_KEY = 'aws kms enable-key, or another key of this region';

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
