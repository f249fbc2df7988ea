/** `doctor` reports each fault, alone and in pairs, exactly once and with the right fix. */
import { createServer, type Server } from 'node:http';
import { localAws, putFiles, until, type LocalAwsUnderTest } from './local-aws/harness.ts';
import { cliEnvironment, runCliInTurn } from './support/cli.ts';
import { startCluster, withCluster, type Cluster } from './support/cluster.ts';
import { roleArn } from './support/inputs.ts';
import { listen } from './support/listen.ts';

let aws: LocalAwsUnderTest;
let cluster: Cluster;
let fake: Server;
let fakeUrl: string;
/** The replies of IAM and KMS to `doctor`. SQS denies access there, and every other request gets HTML. */
const answers = { role: 'healthlake.amazonaws.com', enabled: true };

withCluster(localAws, (...platform) => ([aws, cluster] = platform));
beforeAll(async () => {
  await putFiles(aws.data, 'doctor', { 'in/Patient.ndjson': '{"resourceType":"Patient"}\n' });
  fake = createServer((request, response) => {
    const { headers, url = '' } = request;
    if (String(headers['x-amz-target']).startsWith('TrentService')) {
      const { enabled } = answers;
      const KeyState = enabled ? 'Enabled' : 'PendingDeletion';
      response.end(JSON.stringify({ KeyMetadata: { KeyId: 'k', Enabled: enabled, KeyState } }));
    } else if (String(headers['x-amz-target']).startsWith('AmazonSQS')) {
      response.statusCode = 403;
      response.setHeader('x-amzn-errortype', 'AccessDeniedException');
      response.end(JSON.stringify({ message: 'Access to the resource is denied.' }));
    } else if (url === '/' && headers['x-amz-target'] === undefined) {
      const trust = encodeURIComponent(JSON.stringify({ Principal: { Service: answers.role } }));
      response.setHeader('content-type', 'text/xml');
      response.end(
        `<GetRoleResponse><GetRoleResult><Role><RoleName>r</RoleName>` +
          `<AssumeRolePolicyDocument>${trust}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`,
      );
    } else if (headers['x-amz-target'] === undefined) {
      response.statusCode = 403;
      response.setHeader('x-amzn-errortype', 'ExpiredTokenException');
      response.end(JSON.stringify({ message: 'The security token included in the request is expired' }));
    } else {
      response.setHeader('content-type', 'text/html');
      response.end('<html><body>a proxy</body></html>');
    }
  });
  fakeUrl = await listen(fake);
  await makeQueues();
  // The worker may not have polled yet.
  await until(
    () => doctor({}),
    (findings) => findings.every(({ status }) => status !== 'failed'),
  );
});
afterAll(() => fake.close());
afterEach(() => Object.assign(answers, { role: 'healthlake.amazonaws.com', enabled: true }));

interface Finding {
  check: string;
  status: string;
  found: string;
  fix?: string;
}

const environment = (env: NodeJS.ProcessEnv) => ({
  ...cliEnvironment(cluster, aws.endpoint),
  AWS_ENDPOINT_URL_IAM: fakeUrl,
  AWS_ENDPOINT_URL_KMS: fakeUrl,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  ...env,
});

const queueUrl = (name: string) => `${aws.endpoint}/123456789012/${name}`;

/** A queue with a message and no dead letters, one with a dead letter, and one without a dead-letter queue. */
async function makeQueues(): Promise<void> {
  for (const name of ['events', 'troubled']) {
    await aws.sqs.createQueue({ QueueName: `${name}-dead` });
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:123456789012:${name}-dead`;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 });
    await aws.sqs.createQueue({ QueueName: name, Attributes: { RedrivePolicy } });
  }
  await aws.sqs.createQueue({ QueueName: 'plain' });
  for (const name of ['events', 'troubled-dead'])
    await aws.sqs.sendMessage({ QueueUrl: queueUrl(name), MessageBody: 'x' });
}

const given = (bucket = 'doctor', queue = queueUrl('events')) => {
  const ofImports = ['--role', roleArn, '--kms-key', 'k', '--bucket', bucket];
  return [...ofImports, '--event-queue', queue];
};

async function doctor(env: NodeJS.ProcessEnv, bucket?: string, queue?: string): Promise<Finding[]> {
  const { stdout } = await runCliInTurn(['doctor', ...given(bucket, queue), '--json'], environment(env));
  return JSON.parse(stdout) as Finding[];
}

const WORKER = ['worker', 'worker versions'];
const CALLS = ['HealthImaging', 'HealthLake', 'bucket', 'role', 'KMS key', 'event queue'];

interface Planted {
  env?: () => NodeJS.ProcessEnv;
  bucket?: string;
  queue?: () => string;
  answers?: Partial<typeof answers>;
  /** The check that fails. */
  check: string;
  found: RegExp;
  /** Absent if the finding itself says what to do. */
  fix?: RegExp;
  /** The checks that depend on it and are skipped. */
  unmade?: string[];
}

const FAULTS: Record<string, Planted> = {
  'a wrong setting': {
    env: () => ({ READ_BUDGET: 'soon' }),
    check: 'settings',
    found: /^READ_BUDGET must be a duration such as "30s"/,
    unmade: WORKER,
  },
  'no Temporal': {
    env: () => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }),
    check: 'Temporal',
    found: /^no Temporal server answers at 127\.0\.0\.1:1/,
    fix: /^set TEMPORAL_ADDRESS .*temporal server start-dev$/,
    unmade: [...WORKER, 'search attributes'],
  },
  'a wrong namespace': {
    env: () => ({ TEMPORAL_NAMESPACE: 'nope' }),
    check: 'Temporal',
    found: /^there is no namespace nope at /,
    fix: /^set TEMPORAL_NAMESPACE .* namespace create --address \S+ --namespace nope$/,
    unmade: [...WORKER, 'search attributes'],
  },
  'no worker': {
    env: () => ({ TEMPORAL_TASK_QUEUE: 'nobody' }),
    check: 'worker',
    found: /^no worker polls task queue nobody for workflow tasks$/,
    fix: /^start one: TEMPORAL_TASK_QUEUE=nobody aws-health-workflows worker/,
    unmade: ['worker versions'],
  },
  'a profile that is not there, which has no region either': {
    env: () => ({ AWS_PROFILE: 'typo', AWS_REGION: '' }),
    check: 'AWS credentials',
    found: /\(AWS_PROFILE is typo\)$/,
    fix: /^aws configure, aws sso login, or set AWS_PROFILE; for the local AWS, set AWS_ACCESS_KEY_ID/,
    unmade: ['AWS endpoints', ...CALLS],
  },
  'no region': {
    env: () => ({ AWS_REGION: '' }),
    check: 'AWS endpoints',
    found: /^No AWS region is set\. Set AWS_REGION, or /,
    unmade: CALLS,
  },
  'an endpoint that is no URL': {
    env: () => ({ AWS_ENDPOINT_URL_S3: 'localhost' }),
    check: 'AWS endpoints',
    found: /^AWS_ENDPOINT_URL_S3 must begin with http/,
    unmade: CALLS,
  },
  'no credentials': {
    env: () => ({ AWS_ACCESS_KEY_ID: '' }),
    check: 'AWS credentials',
    found: /Could not load credentials/,
    fix: /^aws configure, aws sso login, or set AWS_PROFILE; for the local AWS, set AWS_ACCESS_KEY_ID/,
    unmade: CALLS,
  },
  'expired credentials': {
    env: () => ({ AWS_ENDPOINT_URL_MEDICAL_IMAGING: fakeUrl }),
    check: 'HealthImaging',
    found: /^ExpiredTokenException: The security token/,
    fix: /^aws configure, aws sso login/,
    unmade: CALLS.slice(1),
  },
  'no local AWS': {
    env: () => ({
      AWS_ENDPOINT_URL_MEDICAL_IMAGING: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    }),
    check: 'HealthImaging',
    found: /^no server answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)$/,
    fix: /^start the server of this endpoint \(aws-health-workflows local-aws/,
    unmade: ['bucket'],
  },
  'another server in a service’s place': {
    env: () => ({ AWS_ENDPOINT_URL_HEALTHLAKE: fakeUrl }),
    check: 'HealthLake',
    found: /^the server at http:\/\/127\S+ is not HealthLake$/,
    fix: /^set AWS_ENDPOINT_URL… to the endpoint of HealthLake/,
  },
  'no such bucket': {
    bucket: 'no-such-bucket',
    check: 'bucket',
    found: /^NoSuchBucket/,
    fix: /^aws s3 mb s3:\/\/no-such-bucket$/,
  },
  'a URI as a bucket': {
    bucket: 's3://doctor/',
    check: 'bucket',
    found: /^InvalidBucketName/,
    fix: /^give the name alone/,
  },
  'a role for EC2': {
    answers: { role: 'ec2.amazonaws.com' },
    check: 'role',
    found: /^import trusts neither medical-imaging\S+ nor healthlake/,
    fix: /^name a role whose trust policy allows /,
  },
  'a key to be deleted': {
    answers: { enabled: false },
    check: 'KMS key',
    found: /^the key is PendingDeletion$/,
    fix: /^run aws kms enable-key, or name another key/,
  },
  'a queue without a dead-letter queue': {
    queue: () => queueUrl('plain'),
    check: 'event queue',
    found: /^0 messages waiting, 0 in flight; the queue has no dead-letter queue, so /,
    fix: /^deploy deploy\/events\.yaml, or set the RedrivePolicy of the queue/,
  },
  'dead letters': {
    queue: () => queueUrl('troubled'),
    check: 'event queue',
    found: /^0 messages waiting, 0 in flight; 1 dead letters$/,
    fix: /^read them \(aws sqs receive-message --queue-url http\S+\/troubled-dead\), and then .* purge-queue /,
  },
  'no such queue': {
    queue: () => queueUrl('other'),
    check: 'event queue',
    found: /^QueueDoesNotExist/,
    fix: /^deploy deploy\/events\.yaml, and give the URL that its output QueueUrl has/,
  },
  'a queue without access': {
    queue: () => `${fakeUrl}/123456789012/events`,
    check: 'event queue',
    found: /^AccessDeniedException: Access to the resource is denied\.$/,
    fix: /^allow these credentials the action sqs:GetQueueAttributes and sqs:GetQueueUrl$/,
  },
  'a queue that is no URL': {
    queue: () => 'events',
    check: 'event queue',
    found: /^The URL of the queue must begin with https:/,
  },
};

const PAIRS = [
  ['no Temporal', 'no region'],
  ['a wrong namespace', 'no credentials'],
  ['no region', 'no credentials'],
  ['a wrong setting', 'a wrong namespace'],
  ['no worker', 'no local AWS'],
  ['expired credentials', 'no such bucket'],
  ['no such bucket', 'a key to be deleted'],
];

const plantings = [...Object.keys(FAULTS).map((name) => [name]), ...PAIRS];

test.each(plantings.map((names) => ({ names, title: names.join(', and ') })))('$title', async ({ names }) => {
  const planted = names.flatMap((name) => FAULTS[name] ?? []);
  expect(planted.length).toBeGreaterThan(0);
  const env = {};
  for (const fault of planted) {
    Object.assign(env, fault.env?.());
    Object.assign(answers, fault.answers);
  }
  const findings = await doctor(
    env,
    planted.find(({ bucket }) => bucket)?.bucket,
    planted.find(({ queue }) => queue)?.queue?.(),
  );
  // The name of the check contains the name of the bucket.
  const told = findings.map((finding) => ({
    ...finding,
    check: finding.check.replace(/^bucket .*/, 'bucket'),
  }));
  const withStatus = (status: string) => told.filter((finding) => finding.status === status);
  const unmade = planted.flatMap((fault) => fault.unmade ?? []);
  const failing = planted.filter(({ check }) => !unmade.includes(check));
  expect(
    withStatus('failed')
      .map(({ check }) => check)
      .toSorted(),
  ).toEqual(failing.map(({ check }) => check).toSorted());
  for (const { check, found, fix } of failing) {
    expect(told).toContainEqual({
      check,
      status: 'failed',
      found: expect.stringMatching(found),
      ...(fix && { fix: expect.stringMatching(fix) }),
    });
  }
  expect(new Set(withStatus('not checked').map(({ check }) => check))).toEqual(new Set(unmade));
});

test('reports the depth of the queue of events', async () => {
  expect(await doctor({})).toContainEqual({
    check: 'event queue',
    status: 'ok',
    found: '1 messages waiting, 0 in flight; no dead letters',
  });
});

test('reports that the local AWS has no IAM, and asks its KMS', async () => {
  const { code, stdout } = await runCliInTurn(
    ['doctor', ...given()],
    environment({ AWS_ENDPOINT_URL_IAM: '', AWS_ENDPOINT_URL_KMS: '', AWS_ENDPOINT_URL: aws.endpoint }),
  );
  expect(stdout).toMatch(/^– role +not checked: the local AWS has no IAM$/m);
  expect(stdout).toMatch(/^✓ KMS key +is enabled$/m);
  expect([code, stdout.match(/✗|hidden field/g)]).toEqual([0, null]);
});

test('prints each fix below its finding, and exits with an error', async () => {
  const env = environment({ TEMPORAL_NAMESPACE: 'nope' });
  const { code, stdout, stderr } = await runCliInTurn(['doctor'], env);
  expect(stdout).toMatch(
    /✗ Temporal .*\n {2}to fix it: set TEMPORAL_NAMESPACE .*\n– worker +not checked: needs /,
  );
  expect([code, stderr]).toEqual([1, '1 of 9 checks failed.\n']);
});

test('does not count a worker that has died, although Temporal lists it for some minutes', async () => {
  await cluster.withoutWorker(async () => {
    const found = await doctor({});
    expect(found).toContainEqual({
      check: 'worker',
      status: 'failed',
      found: expect.stringMatching(/^no worker polls .*; \d+@\S+ last polled \d+ s ago and has stopped$/),
      fix: expect.stringMatching(/^start one/),
    });
  });
  const findings = await until(
    () => doctor({}),
    (all) => all.some(({ check, status }) => check === 'worker' && status === 'ok'),
  );
  expect(findings).toContainEqual({
    check: 'worker',
    status: 'ok',
    found: expect.stringMatching(/^1 on task queue \S+ \(\d+@\S+, last poll \d+ s ago\)$/),
  });
  expect(findings).toContainEqual({
    check: 'worker versions',
    status: 'ok',
    found: 'Worker Versioning is off',
  });
});

test('finds search attributes that are missing or have another type', async () => {
  const bare = await startCluster(aws.endpoint, { namespace: 'bare' });
  try {
    const env = { TEMPORAL_ADDRESS: bare.address, TEMPORAL_NAMESPACE: 'bare' };
    const look = async () =>
      (await doctor(env)).find(({ check }) => check === 'search attributes') ?? { found: '' };
    expect(await look()).toMatchObject({
      status: 'failed',
      fix: expect.stringMatching(/^temporal operator/),
    });
    // `IndexedValueType.INDEXED_VALUE_TYPE_INT` of Temporal's API.
    const searchAttributes = { AwsJobId: 3 };
    const { operatorService } = bare.connection;
    await operatorService.addSearchAttributes({ namespace: 'bare', searchAttributes });
    expect(await until(look, ({ found }) => !found.includes('AwsJobId is missing'))).toMatchObject({
      found: expect.stringMatching(/AwsJobId is not of type Keyword/),
      fix: expect.stringMatching(/ remove --namespace bare --name AwsJobId --yes; .* create /),
    });
  } finally {
    await bare.stop();
  }
});
