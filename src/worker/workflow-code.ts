import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerVersion } from './worker-version.ts';

/** The modules in `src/workflows` that the build bundles, with the file of each bundle. */
export const BUNDLES = { index: 'workflow-bundle.js', versioned: 'versioned-bundle.js' } as const;

const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/**
 * The workflow code for a worker, or for a replay: the bundle that the build has written, or else the sources, which the SDK
 * bundles at each start (two seconds).
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
