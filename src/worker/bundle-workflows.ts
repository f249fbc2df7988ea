import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { explainOurs, runMain } from '../lib/user-error.ts';

/** Part of the build: makes the one file that workers load workflows from. */
async function main(): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.js', import.meta.url)),
    // Its report goes to stdout, which belongs to whatever command the build is part of.
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(fileURLToPath(new URL('../workflow-bundle.js', import.meta.url)), code);
}

void runMain(main, explainOurs);
