import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REQUEST_RATES } from '../src/activities/retry-delay.ts';
import { createAwsClients, describeEndpoints } from '../src/worker/aws-clients.ts';
import { isLoopback } from '../src/lib/loopback.ts';
import { readSettings } from '../src/worker/settings.ts';
import { workflowCode } from '../src/worker/workflow-code.ts';

const local = 'http://127.0.0.1:4566';
const allLocal = {
  AWS_ENDPOINT_URL_MEDICAL_IMAGING: local,
  AWS_ENDPOINT_URL_HEALTHLAKE: local,
  AWS_ENDPOINT_URL_S3: local,
};
const endpointsOf = (env: Record<string, string>) => {
  process.env['AWS_REGION'] = 'eu-west-1';
  return describeEndpoints(createAwsClients(env, 1_000), env);
};

/** Runs the built worker until it exits, without any AWS or Temporal setting of this machine. */
function runWorker(env: Record<string, string>) {
  const script = join(import.meta.dirname, '../dist/src/cli.js');
  const region = { AWS_REGION: 'eu-west-1' };
  return spawnSync(process.execPath, [script, 'worker'], {
    env: { PATH: process.env['PATH'], ...region, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
}

describe('endpoints', () => {
  test('are those of AWS in the region if none is overridden', async () => {
    expect(await endpointsOf({})).toEqual({
      imaging: 'https://medical-imaging.eu-west-1.amazonaws.com',
      healthlake: 'https://healthlake.eu-west-1.amazonaws.com',
      s3: 'https://s3.eu-west-1.amazonaws.com',
    });
  });

  test('are overridden for all services at once, or for each', async () => {
    expect(await endpointsOf({ AWS_ENDPOINT_URL: local })).toEqual({
      imaging: local,
      healthlake: local,
      s3: local,
    });
    expect(await endpointsOf(allLocal)).toEqual({ imaging: local, healthlake: local, s3: local });
  });

  test('some local and some real are rejected, unless ALLOW_MIXED_ENDPOINTS is set', async () => {
    const mixed = { AWS_ENDPOINT_URL_MEDICAL_IMAGING: local };
    await expect(endpointsOf(mixed)).rejects.toThrow(
      /AWS_ENDPOINT_URL_S3 → https:\/\/s3.*ALLOW_MIXED_ENDPOINTS=1/,
    );
    await expect(endpointsOf({ ...mixed, ALLOW_MIXED_ENDPOINTS: '1' })).resolves.toBeDefined();
  });

  test.each([
    ['http://localhost:4566', true],
    ['127.0.0.1:7233', true],
    ['http://[::1]:1', true],
    ['http://s3.localhost', true],
    ['https://127.0.0.1.example.com', false],
    ['temporal.example.com:7233', false],
  ])('%s is a loopback address: %s', (url, expected) => {
    expect(isLoopback(url)).toBe(expected);
  });
});

test('settings have defaults, and an invalid one is named', () => {
  expect(readSettings({})).toEqual({
    taskQueue: 'aws-health',
    stickyScheduleToStart: 10_000,
    requestRates: REQUEST_RATES,
    run: {
      startToClose: 30_000,
      readBudget: 3_600_000,
      manifestWait: 30_000,
      tokenLife: 600_000,
      staleReads: 30_000,
      listLag: 30_000,
      searchLag: 60_000,
      deletionLag: 300_000,
    },
  });
  expect(readSettings({ STALE_READS: '0', ARTIFACTS_KMS_KEY_ID: 'alias/blobs' }).run).toMatchObject({
    staleReads: 0,
    artifactsKmsKeyId: 'alias/blobs',
  });
  expect(() => readSettings({ READ_BUDGET: '0' })).toThrow('READ_BUDGET must be');
  expect(() => readSettings({ MANIFEST_WAIT: 'soon' })).toThrow(
    'MANIFEST_WAIT must be a duration such as "30s", not "soon".',
  );
});

describe('the version of the worker', () => {
  const both = { TEMPORAL_DEPLOYMENT_NAME: 'aws-health', TEMPORAL_WORKER_BUILD_ID: '1.2.3' };
  const of = (env: Record<string, string>) => readSettings(env).version;

  test('is read from both variables, and versioning is off without them', () => {
    expect(of({})).toBeUndefined();
    expect(of({ TEMPORAL_DEPLOYMENT_NAME: '', TEMPORAL_WORKER_BUILD_ID: '' })).toBeUndefined();
    const version = { deploymentName: 'aws-health', buildId: '1.2.3' };
    expect(of(both)).toEqual(version);
    expect(of({ ...both, VERSIONING_BEHAVIOR: 'PINNED' })).toEqual({ ...version, behavior: 'PINNED' });
  });

  test.each([
    [
      'a name alone',
      { TEMPORAL_DEPLOYMENT_NAME: 'x' },
      /^TEMPORAL_DEPLOYMENT_NAME is set and TEMPORAL_WORKER_BUILD_ID/,
    ],
    [
      'a build ID alone',
      { TEMPORAL_WORKER_BUILD_ID: 'x' },
      /^TEMPORAL_WORKER_BUILD_ID is set and TEMPORAL_DEPLOYMENT/,
    ],
    [
      'a name with a dot',
      { ...both, TEMPORAL_DEPLOYMENT_NAME: 'a.b' },
      /^TEMPORAL_DEPLOYMENT_NAME must hold no "\."/,
    ],
    [
      'a build ID with a colon',
      { ...both, TEMPORAL_WORKER_BUILD_ID: 'a:b' },
      /^TEMPORAL_WORKER_BUILD_ID must hold no ":"/,
    ],
    ['a reserved name', { ...both, TEMPORAL_WORKER_BUILD_ID: '__1' }, /must not begin with "__": "__1"/],
    [
      'a behavior that is none',
      { VERSIONING_BEHAVIOR: 'pinned' },
      /^VERSIONING_BEHAVIOR must be PINNED or AUTO_UPGRADE/,
    ],
  ])('%s is rejected', (_, env, message) => {
    expect(() => of(env)).toThrow(message);
  });
});

test('workflow types declare a versioning behavior only to a versioned worker that sets none for all', () => {
  const version = { deploymentName: 'aws-health', buildId: '1' };
  const declares = (...args: Parameters<typeof workflowCode>) =>
    JSON.stringify(workflowCode(...args)).includes('versioned');
  expect(declares()).toBe(false);
  expect(declares(version)).toBe(true);
  expect(declares({ ...version, behavior: 'PINNED' })).toBe(false);
});

describe('an error that the user can fix prints one line, without a stack trace', () => {
  test.each([
    ['no Temporal server', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, /No Temporal server at 127\.0\.0\.1:1/],
    ['local and real endpoints', { AWS_ENDPOINT_URL_S3: local }, /Some AWS endpoints are on this machine/],
    ['no region', { AWS_REGION: '', AWS_CONFIG_FILE: '/dev/null' }, /No AWS region is set/],
    [
      'an endpoint without a scheme',
      { AWS_ENDPOINT_URL: '127.0.0.1:4566' },
      /AWS_ENDPOINT_URL must begin with http/,
    ],
    [
      'a folder for blobs that is none',
      { ARTIFACTS_S3_URI: '/tmp/blobs' },
      /^ARTIFACTS_S3_URI must be an S3 URI such as .*, not "\/tmp\/blobs"\.\n$/,
    ],
    [
      'half of a version',
      { TEMPORAL_DEPLOYMENT_NAME: 'aws-health' },
      /^TEMPORAL_DEPLOYMENT_NAME is set and TEMPORAL_WORKER_BUILD_ID is not\. Set both/,
    ],
    ['a wrong setting', { ACTIVITY_START_TO_CLOSE: 'soon' }, /ACTIVITY_START_TO_CLOSE must be/],
  ])('%s', (_, env, line) => {
    const { status, stdout, stderr } = runWorker(env);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(line);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
