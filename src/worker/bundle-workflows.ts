import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { explainOurs, runMain } from '../lib/user-error.ts';
import { failureConverterPath } from '../payloads/encryption.ts';
import { BUNDLES, encryptedBundle } from './workflow-code.ts';

const folder = new URL('../', import.meta.url);

/** Part of the build: writes the workflow bundles. The bundle that the tests wait for is written last. */
async function main(): Promise<void> {
  // Those of other versions of the SDK would be published with the package.
  for (const name of readdirSync(folder)) if (/-bundle.*\.js$/.test(name)) rmSync(new URL(name, folder));
  for (const [module, file] of Object.entries(BUNDLES).toReversed()) {
    await bundle(module, encryptedBundle(file), { failureConverterPath });
    await bundle(module, file);
  }
}

async function bundle(module: string, file: string, converter: { failureConverterPath?: string } = {}) {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`../workflows/${module}.js`, import.meta.url)),
    ...converter,
    // The bundler reports to stdout, which belongs to the command that the build is part of.
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(new URL(file, folder), code);
}

void runMain(main, explainOurs);
