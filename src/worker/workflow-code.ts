import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sdkVersion } from './temporal-sdk.ts';
import type { WorkerVersion } from './worker-version.ts';

/**
 * The modules in `src/workflows` that the build bundles, with the file of each bundle.
 *
 * A bundle contains the part of the Temporal SDK that runs inside a workflow. The SDK does not check that it is of the same version
 * as the worker, so the names of the files say by which version they were built.
 */
export const BUNDLES = {
  index: `workflow-bundle-${sdkVersion}.js`,
  versioned: `versioned-bundle-${sdkVersion}.js`,
} as const;

/**
 * The file of the same bundle with the failure converter of encrypted payloads. Failures are converted inside the workflow, so the
 * converter is part of the bundle: with the other bundle a worker would store messages and stack traces in clear text.
 */
export const encryptedBundle = (file: string) => `encrypted-${file}`;

const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/**
 * The workflow code for a worker, or for a replay: the bundle that the build has written with the installed version of the Temporal
 * SDK, or else the sources, which the SDK bundles at each start (two seconds).
 *
 * @param version - the version of the worker. If it sets no versioning behavior, the workflow types declare their own.
 * @param isEncrypted - whether the worker has the data converter of `PAYLOAD_KEYS`
 */
export function workflowCode(version?: WorkerVersion, isEncrypted = false) {
  const module = version && version.behavior === undefined ? 'versioned' : 'index';
  const codePath = pathOf(isEncrypted ? encryptedBundle(BUNDLES[module]) : BUNDLES[module]);
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: pathOf(`workflows/${module}.js`) };
}
