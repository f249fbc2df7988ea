/**
 * What the demo and `npm run dev` see of the environment they are started in: nothing that could lead them, or a process
 * of theirs, to the user's own AWS account or Temporal namespace.
 */

import { OUR_VARIABLES } from '../src/worker/settings.ts';

export interface Isolation {
  /** The Temporal server is the user's own, and so is how to reach it. */
  readonly keepTemporal: boolean;
}

/** Removes it from `process.env`, which all our processes inherit. Proxies go too: our own servers are on this machine. */
export function isolateEnvironment({ keepTemporal }: Isolation): void {
  const foreign = keepTemporal ? /^AWS_/ : /^(AWS|TEMPORAL)_|_proxy$/i;
  for (const name of Object.keys(process.env)) {
    if (foreign.test(name) || OUR_VARIABLES.includes(name)) delete process.env[name];
  }
  // All of them take a file that is not there for one that says nothing; the Temporal SDK chokes on an empty one.
  const noFile = '/nonexistent/config';
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: noFile,
    AWS_SHARED_CREDENTIALS_FILE: noFile,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...(keepTemporal ? {} : { TEMPORAL_CONFIG_FILE: noFile }),
  });
}

export interface Servers {
  /** Of the Temporal server. */
  readonly address: string;
  readonly namespace: string;
  readonly awsUrl: string;
  readonly taskQueue: string;
}

/**
 * Points this process and all that it starts at these servers. One endpoint for every AWS service: a service that we do
 * not know of yet cannot slip through to the real one.
 */
export function useServers({ address, namespace, awsUrl, taskQueue }: Servers): void {
  Object.assign(process.env, {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    AWS_ENDPOINT_URL: awsUrl,
    AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
  });
}
