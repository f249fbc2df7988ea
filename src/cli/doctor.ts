/** `doctor`: looks at everything that a run needs, and says of what is missing how to mend it. */
import { ListFHIRDatastoresCommand } from '@aws-sdk/client-healthlake';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListDatastoresCommand } from '@aws-sdk/client-medical-imaging';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { Connection } from '@temporalio/client';
import type { AwsClients } from '../activities/index.ts';
import { createAwsClients, describeEndpoints } from '../aws-clients.ts';
import { isRecord } from '../guards.ts';
import { lookUpSearchAttributes, type AttributeState } from '../namespace-attributes.ts';
import { UserError } from '../user-error.ts';
import { readSettings } from '../worker-facts.ts';
import { readTemporalConfig } from '../temporal-config.ts';
import { Terminal } from './terminal.ts';

export interface DoctorArgs {
  json: boolean | undefined;
  role: string | undefined;
  bucket: string[] | undefined;
  'kms-key': string | undefined;
}

interface Check {
  name: string;
  /** Gives what was found; throws what is wrong. */
  look: () => Promise<string>;
  fix: string;
  /** What to do where nobody answers; absent where an earlier check has said it. */
  fixUnreachable?: string;
}

/** Something that is wrong in a way of which alone the check knows how it is mended. */
class Unfit extends UserError {
  constructor(
    message: string,
    readonly fix: string,
  ) {
    super(message);
  }
}

interface Finding {
  check: string;
  ok: boolean;
  found: string;
  fix?: string;
}

/** @throws UserError when anything is wrong: the exit code tells a script */
export async function doctor(args: DoctorArgs): Promise<void> {
  const terminal = new Terminal(args.json ?? false);
  const { connectionOptions, namespace } = readTemporalConfig();
  const connection = await Connection.connect({ connectTimeout: 3_000, ...connectionOptions }).catch(
    (error: Error) => error,
  );
  const { address = 'localhost:7233' } = connectionOptions;
  const findings: Finding[] = [];
  for (const check of [...temporalChecks({ connection, address, namespace }), ...awsChecks(args)]) {
    const finding = await examine(check);
    findings.push(finding);
    terminal.say(`${finding.ok ? '✓' : '✗'} ${check.name.padEnd(18)} ${finding.found}`);
    if (finding.fix) terminal.say(`  to mend it: ${finding.fix}`);
  }
  if (connection instanceof Connection) await connection.close();
  terminal.record(findings);
  const wrong = findings.filter(({ ok }) => !ok).length;
  if (wrong > 0) throw new UserError(`${wrong} of ${findings.length} checks have failed.`);
}

async function examine({ name: check, look, fix, fixUnreachable }: Check): Promise<Finding> {
  try {
    return { check, ok: true, found: await look() };
  } catch (error) {
    const remedy = isUnreachable(error) ? fixUnreachable : error instanceof Unfit ? error.fix : fix;
    return { check, ok: false, found: reasonOf(error), ...(remedy !== undefined && { fix: remedy }) };
  }
}

function isUnreachable(error: unknown): boolean {
  const { code, message } = isRecord(error) ? error : {};
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/.test(String(code)) || message === NO_TEMPORAL;
}

/** What Temporal's client says where no server is. */
const NO_TEMPORAL = 'Failed to connect before the deadline';
const START_TEMPORAL =
  'set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY …), or start one: npm run dev';
const START_AWS = 'start what is to answer there (npm run dev has a local AWS), or unset AWS_ENDPOINT_URL…';

/** Where Temporal is, or why nobody is there. */
interface Temporal {
  connection: Connection | Error;
  address: string;
  namespace: string;
}

function temporalChecks({ connection, address, namespace }: Temporal): Check[] {
  const { taskQueue } = readSettings(process.env);
  const server = () => {
    if (connection instanceof Connection) return connection;
    throw connection;
  };
  return [
    {
      name: 'Temporal',
      fix: START_TEMPORAL,
      fixUnreachable: START_TEMPORAL,
      async look() {
        await server().workflowService.describeNamespace({ namespace });
        return `${address}, namespace ${namespace}`;
      },
    },
    {
      name: 'worker',
      fix: `start one for task queue ${taskQueue}: npm run worker (or set TEMPORAL_TASK_QUEUE to the one it has)`,
      async look() {
        const request = { namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 };
        const { pollers } = await server().workflowService.describeTaskQueue(request);
        if (!pollers?.length) throw new UserError(`nobody polls task queue ${taskQueue}`);
        return `${pollers.length} on task queue ${taskQueue}`;
      },
    },
    {
      name: 'search attributes',
      fix: 'allow these credentials to read the namespace',
      async look() {
        const found = await lookUpSearchAttributes(server(), namespace);
        const states = [...found].filter(([, state]) => state !== 'Keyword');
        if (states.length > 0) throw unusableAttributes(states, namespace);
        return [...found.keys()].join(', ');
      },
    },
  ];
}

/** Search attributes that no run can set. A type cannot be changed: the attribute has to be made anew. */
function unusableAttributes(
  states: readonly (readonly [string, AttributeState])[],
  namespace: string,
): Unfit {
  const described = states.map(([name, state]) =>
    state === 'missing' ? `${name} is missing` : `${name} is not of type Keyword`,
  );
  const command = (verb: string, name: string) =>
    `temporal operator search-attribute ${verb} --namespace ${namespace} --name ${name}`;
  const commands = states.flatMap(([name, state]) => [
    ...(state === 'missing' ? [] : [`${command('remove', name)} --yes`]),
    `${command('create', name)} --type Keyword`,
  ]);
  return new Unfit(
    `${described.join(', ')}; runs do without`,
    `${commands.join('; ')} (on Temporal Cloud: in the settings of the namespace)`,
  );
}

function awsChecks({ role, bucket = [], 'kms-key': key }: DoctorArgs): Check[] {
  const aws = createAwsClients(process.env, 10_000);
  return [
    {
      name: 'AWS endpoints',
      fix: 'set AWS_REGION; set AWS_ENDPOINT_URL_… for all services or for none',
      look: async () => [...new Set(Object.values(await describeEndpoints(aws, process.env)))].join(', '),
    },
    {
      name: 'AWS credentials',
      fix: 'aws configure, aws sso login, or set AWS_PROFILE',
      look: async () => `access key ${(await aws.imaging.config.credentials()).accessKeyId.slice(0, 4)}…`,
    },
    serviceCheck('HealthImaging', 'medical-imaging', () =>
      aws.imaging.send(new ListDatastoresCommand({ maxResults: 1 })),
    ),
    serviceCheck('HealthLake', 'healthlake', () =>
      aws.healthlake.send(new ListFHIRDatastoresCommand({ MaxResults: 1 })),
    ),
    ...bucket.map((name) => bucketCheck(aws, name)),
    ...(role === undefined ? [] : [roleCheck(role)]),
    ...(key === undefined ? [] : [keyCheck(key)]),
  ];
}

function serviceCheck(name: string, prefix: string, list: () => Promise<unknown>): Check {
  return {
    name,
    fix: `allow ${prefix}:* to these credentials, in a region that has the service`,
    fixUnreachable: START_AWS,
    async look() {
      await list();
      return 'answers';
    },
  };
}

function bucketCheck({ s3 }: AwsClients, name: string): Check {
  return {
    name: `bucket ${name}`,
    fix: `aws s3 mb s3://${name}, and allow s3:ListBucket and s3:GetObject to these credentials`,
    fixUnreachable: START_AWS,
    async look() {
      await s3.send(new ListObjectsV2Command({ Bucket: name, MaxKeys: 1 }));
      return 'can be listed';
    },
  };
}

/** The services that have to be able to take on the role. */
const SERVICES = ['medical-imaging.amazonaws.com', 'healthlake.amazonaws.com'];

function roleCheck(role: string): Check {
  return {
    name: 'role',
    fix: `a role whose trust policy lets ${SERVICES.join(' or ')} do sts:AssumeRole; iam:GetRole for these credentials`,
    async look() {
      const RoleName = role.split('/').at(-1);
      const { Role } = await new IAMClient({ maxAttempts: 1 }).send(new GetRoleCommand({ RoleName }));
      const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
      const trusted = SERVICES.filter((service) => trust.includes(service));
      if (trusted.length === 0) throw new UserError(`${RoleName} trusts neither ${SERVICES.join(' nor ')}`);
      return `${RoleName} is trusted to ${trusted.join(' and ')}`;
    },
  };
}

function keyCheck(KeyId: string): Check {
  return {
    name: 'KMS key',
    fix: 'aws kms enable-key, or another key of this region; kms:DescribeKey for these credentials',
    async look() {
      const { KeyMetadata } = await new KMSClient({ maxAttempts: 1 }).send(new DescribeKeyCommand({ KeyId }));
      if (!KeyMetadata?.Enabled) throw new UserError(`the key is ${KeyMetadata?.KeyState ?? 'unknown'}`);
      return 'is enabled';
    },
  };
}

/** Network errors have an empty message at times, and AWS's own names say more than their texts. */
function reasonOf(error: unknown): string {
  if (error instanceof UserError || !isRecord(error))
    return error instanceof Error ? error.message : String(error);
  const { name, code, message } = error;
  return [code ?? name, message].filter((part) => typeof part === 'string' && part !== '').join(': ');
}
