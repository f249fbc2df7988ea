/**
 * `npm run dev`: a Temporal server, the local AWS and a worker, all with durable state in one folder, until Ctrl-C.
 */
import { readFlags } from './flags.ts';
import { runProcess } from './run-process.ts';

void runProcess(
  async (life) => {
    const flags = readFlags(
      { data: 'DIR', server: 'existing', viewer: true, encrypted: true },
      'npm run dev',
    );
    // Loading the SDKs takes a second. They are loaded after the flags are read, so that a wrong flag is reported at once.
    const { runDev } = await import('./dev-servers.ts');
    await runDev(flags, life);
  },
  { onInterrupt: 0 },
);
