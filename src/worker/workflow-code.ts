import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerVersion } from './worker-version.ts';

/** The modules in `src/workflows` of which the build makes a bundle each: `workflow-bundle.js` and `versioned-bundle.js`. */
export const BUNDLES = { index: 'workflow-bundle.js', versioned: 'versioned-bundle.js' } as const;

const pathOf = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/**
 * The workflows for a worker, or for replaying histories: the bundle that the build has made, or the sources, which take
 * two seconds to bundle at each start.
 *
 * @param version - of the worker. Where it leaves the versioning behavior open, the workflow types declare it.
 */
export function workflowCode(version?: WorkerVersion) {
  const module = version && version.behavior === undefined ? 'versioned' : 'index';
  const codePath = pathOf(BUNDLES[module]);
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: pathOf(`workflows/${module}.js`) };
}
