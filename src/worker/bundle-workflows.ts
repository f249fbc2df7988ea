import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { explainOurs, runMain } from '../lib/user-error.ts';
import { BUNDLES } from './workflow-code.ts';

/** Part of the build: makes the files that workers load workflows from. The last one written is that of the tests. */
async function main(): Promise<void> {
  for (const [module, file] of Object.entries(BUNDLES).toReversed()) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL(`../workflows/${module}.js`, import.meta.url)),
      // Its report goes to stdout, which belongs to whatever command the build is part of.
      logger: new DefaultLogger('WARN'),
    });
    writeFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), code);
  }
}

void runMain(main, explainOurs);
