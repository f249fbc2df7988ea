#!/usr/bin/env node
/**
 * `aws-health-workflows`: starts, follows, lists and cancels runs, and manages the schedules of recurring imports.
 *
 * Its configuration is that of the worker: `TEMPORAL_*` and `temporal.toml` for Temporal, the AWS SDK's default chain for AWS.
 */
import { program } from './cli/program.ts';

// A reader such as `head` may close the pipe before the end of the output. That is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

await program(process.argv.slice(2));
