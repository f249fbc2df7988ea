/**
 * `npm run demo`: runs the three founding flows on a real Temporal server and the local AWS, and kills the worker during one of
 * them. It needs no set-up, writes only to a temporary folder, and removes that at the end.
 */
import { readFlags } from './flags.ts';
import { runProcess } from './run-process.ts';

void runProcess(async (life) => {
  const flags = readFlags({ json: true, keep: true, server: 'existing' }, 'npm run demo');
  // Loading the SDKs takes a second. They are loaded after the flags are read, so that a wrong flag is reported at once.
  const { runDemo } = await import('./demo/run-demo.ts');
  await runDemo(flags, life);
});
