#!/usr/bin/env node
/**
 * `aws-health-workflows`: starts, follows, lists and ends runs, and keeps schedules of recurring imports.
 *
 * Temporal and AWS are found as the worker finds them: `TEMPORAL_*` and `temporal.toml`, and the AWS SDK's own chain.
 */
import yargs from 'yargs';
import { addRunCommands } from './cli/runs.ts';
import { addScheduleCommands } from './cli/schedule.ts';
import { addStartCommands } from './cli/start.ts';
import { UserError, runMain } from './user-error.ts';

async function main(): Promise<void> {
  const cli = yargs(process.argv.slice(2))
    .scriptName('aws-health-workflows')
    .usage('$0 <command>\n\nDurable workflows for AWS HealthImaging and AWS HealthLake.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .option('json', { type: 'boolean', describe: 'JSON on stdout, and nothing else' })
    .command('start', 'start a run of a flow', addStartCommands);
  await addRunCommands(cli)
    .command('schedule', 'recurring imports', addScheduleCommands)
    .command(
      'doctor',
      'look at everything that a run needs: Temporal, the worker, AWS, and what an import is given',
      (yargs) =>
        yargs.options({
          role: { type: 'string', describe: 'ARN of the role that an import is given' },
          bucket: {
            type: 'string',
            array: true,
            describe: 'a bucket that is read or written; may be repeated',
          },
          'kms-key': { type: 'string', describe: 'id, alias or ARN of the key that encrypts outputs' },
        }),
      // Loaded when it is needed: the AWS SDK takes longer than most commands.
      async (args) => (await import('./cli/doctor.ts')).doctor(args),
    )
    .completion('completion', 'print what makes your shell complete these commands')
    .epilogue(
      'Examples:\n' +
        '  aws-health-workflows start copyImageSet --help\n' +
        '  aws-health-workflows start startImportAndWaitCompleted --input import.json --watch\n' +
        '  aws-health-workflows list\n' +
        '  aws-health-workflows schedule ensure importDicomAndSearch nightly --cron "0 2 * * *" --input import.json\n\n' +
        'Temporal by TEMPORAL_* or temporal.toml, AWS by AWS_*, as the worker and the CLIs of both.',
    )
    .demandCommand(1, 'Which command? The list is above.')
    .recommendCommands()
    .strict()
    .version(false)
    .wrap(100)
    .fail((message, error, parser) => {
      // Its own word for a flag without a value.
      if (error && error.name !== 'YError') throw error;
      // Without a command the list is what helps; with a wrong one, a line.
      if (/The list is above/.test(message)) parser.showHelp();
      throw new UserError(`${message || error?.message} (with --help: what there is)`);
    })
    .parseAsync();
}

// Whoever reads no further, such as `head`, has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

await runMain(main);
