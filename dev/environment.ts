/**
 * Isolates the demo and `npm run dev` from their environment, so that no process of theirs can reach the user's own AWS account
 * or Temporal namespace.
 */

import { OUR_VARIABLES } from '../src/worker/settings.ts';

export interface Isolation {
  /** Keep the Temporal configuration, because the user has chosen to use the server that it names. */
  readonly keepTemporal: boolean;
}

/**
 * Removes the user's settings for other servers from `process.env`, which all processes that we start inherit. Proxies are removed
 * because our servers are on this machine, and the address of another codec server because it has not the keys of our worker.
 */
export function isolateEnvironment({ keepTemporal }: Isolation): void {
  const foreign = keepTemporal ? /^(AWS|CODEC|TEMPORAL_CODEC)_/ : /^(AWS|CODEC|TEMPORAL)_|_proxy$/i;
  for (const name of Object.keys(process.env)) {
    if (foreign.test(name) || OUR_VARIABLES.includes(name)) delete process.env[name];
  }
  // The SDKs and CLIs treat a missing configuration file as empty. The Temporal SDK fails on an empty path.
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
  /** The address of the Temporal server. */
  readonly address: string;
  readonly namespace: string;
  readonly awsUrl: string;
  readonly taskQueue: string;
  /** Absent if payloads are not encrypted. */
  readonly encryption: Encryption | undefined;
}

/** What programs need that encrypt payloads, or ask for their decryption. */
export interface Encryption {
  /** The value of `PAYLOAD_KEYS`. */
  readonly keys: string;
  /** The URL of the codec server. */
  readonly codecEndpoint: string;
}

/**
 * Points this process and its child processes to these servers. All AWS services get the same endpoint, so that a call to any
 * other service cannot reach the real AWS.
 */
export function useServers({ address, namespace, awsUrl, taskQueue, encryption }: Servers): void {
  Object.assign(process.env, {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TASK_QUEUE: taskQueue,
    AWS_ENDPOINT_URL: awsUrl,
    AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
    ...(encryption && { PAYLOAD_KEYS: encryption.keys, TEMPORAL_CODEC_ENDPOINT: encryption.codecEndpoint }),
  });
}
