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

const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/**
 * The workflow code for a worker, or for a replay: the bundle that the build has written with the installed version of the Temporal
 * SDK, or else the sources, which the SDK bundles at each start (two seconds).
 *
 * @param version - the version of the worker. If it sets no versioning behavior, the workflow types declare their own.
 */
export function workflowCode(version?: WorkerVersion) {
  const module = version && version.behavior === undefined ? 'versioned' : 'index';
  const codePath = pathOf(BUNDLES[module]);
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: pathOf(`workflows/${module}.js`) };
}
