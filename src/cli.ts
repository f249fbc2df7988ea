#!/usr/bin/env node
/**
 * `aws-health-workflows`: starts, follows, lists and ends runs, and keeps schedules of recurring imports.
 *
 * Temporal and AWS are found as the worker finds them: `TEMPORAL_*` and `temporal.toml`, and the AWS SDK's own chain.
 */
import { commandLine } from './cli/commands.ts';
import { COMPLETE } from './cli/completion-script.ts';
import { complete } from './cli/completion.ts';
import { explainOurs, runMain } from './lib/user-error.ts';

// Whoever reads no further, such as `head`, has seen enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const [first, line = ''] = args;
  if (first === COMPLETE) await complete(line);
  else await commandLine(args).parseAsync();
}, explainOurs);
