/** All commands, and what they have in common. */
import yargs, { type Argv } from 'yargs';
import { UserError } from '../lib/user-error.ts';
import { COMPLETION_SCRIPT } from './completion-script.ts';
import { addReplayCommand } from './replay.ts';
import { addRunCommands } from './runs.ts';
import { addScheduleCommands } from './schedule.ts';
import { addStartCommands } from './start.ts';
import { refuseOddBooleans, textOption, textsOption } from './values.ts';

/**
 * The command line, ready to parse these words and to do as they say.
 *
 * @param args - without the name of the program
 */
export function commandLine(args: readonly string[]): Argv<{ json: boolean | undefined }> {
  const cli = yargs([...args])
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
  addRunCommands(cli).command('schedule', 'recurring imports', addScheduleCommands);
  return addReplayCommand(cli)
    .command(
      'doctor',
      'look at everything that a run needs: Temporal, the worker, AWS, and what an import is given',
      (yargs) =>
        yargs.options({
          role: textOption('role', 'ARN of the role that an import is given'),
          bucket: textsOption('bucket', 'a bucket that is read or written; may be repeated'),
          'kms-key': textOption('kms-key', 'id, alias or ARN of the key that encrypts outputs'),
        }),
      // Loaded when it is needed: the AWS SDK takes longer than most commands.
      async (args) => (await import('./doctor/index.ts')).doctor(args),
    )
    .command(
      'completion',
      'print what makes your shell complete these commands: flows, runs, schedules and flags',
      (yargs) => yargs,
      () => console.log(COMPLETION_SCRIPT),
    )
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
    .alias('help', 'h')
    .wrap(100)
    .fail((message, error, parser) => {
      // Its own word for a flag without a value.
      if (error && error.name !== 'YError') throw error;
      // Without a command the list is what helps; with a wrong one, a line.
      if (/The list is above/.test(message)) parser.showHelp();
      const line = (message || error?.message || '').replaceAll(/\s*\n\s*/g, ' ');
      throw new UserError(`${line} (with --help: what there is)`);
    })
    .check(() => refuseOddBooleans(args));
}
