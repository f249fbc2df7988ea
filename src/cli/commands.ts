/** The command line: all commands, the options they share, and its error messages. */
import yargs, { type Argv } from 'yargs';
import { UserError } from '../lib/user-error.ts';
import { CODEC_SERVER_PORT } from '../temporal/codec-endpoint.ts';
import { COMPLETION_SCRIPT } from './completion-script.ts';
import { addFleetCommands } from './fleet.ts';
import { addReplayCommand } from './replay.ts';
import { addRunCommands } from './runs.ts';
import { addScheduleCommands } from './schedule.ts';
import { addStartCommands } from './start.ts';
import { PROGRAM } from './terminal.ts';
import { refuseInherited, refuseOddBooleans, textOption, textsOption } from './values.ts';
import { inOurWords } from './yargs-messages.ts';

/**
 * Makes the command line. `parseAsync` of the result runs the command that `args` name.
 *
 * @param args - the arguments of the program, without its name
 */
export function commandLine(args: readonly string[]): Argv<{ json: boolean | undefined }> {
  refuseInherited(args);
  const cli = yargs([...args])
    .scriptName(PROGRAM)
    // yargs would translate only its own messages, by the language of the environment.
    .locale('en')
    .usage('$0 <command>\n\nDurable workflows for AWS HealthImaging and AWS HealthLake.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .option('json', { type: 'boolean', describe: 'print only JSON on stdout' })
    .command('start', 'start a run of a flow', addStartCommands);
  addFleetCommands(addRunCommands(cli)).command(
    'schedule',
    'create and manage recurring imports',
    addScheduleCommands,
  );
  return addReplayCommand(cli)
    .command(
      'worker',
      'run the worker; its settings are environment variables: see the table in README.md',
      (yargs) => yargs,
      // Imported only here, because loading the worker takes longer than most other commands run.
      async () => (await import('../worker.ts')).runWorker(),
    )
    .command(
      'local-aws',
      'start HealthImaging, HealthLake, S3, SQS and KMS on this machine (local-aws --help shows its flags)',
      // The local AWS reads its flags itself.
      (yargs) => yargs.strict(false).help(false).version(false),
      async () => {
        // Dynamic, because a worker is installed without the packages that only the local AWS needs.
        // oxlint-disable-next-line no-restricted-imports
        const { runLocalAws } = await import('../../local-aws/main.ts');
        await runLocalAws(args.toSpliced(args.indexOf('local-aws'), 1));
      },
    )
    .command(
      'events',
      'receive EventBridge events from an SQS queue, and signal the runs that wait (docs/events.md)',
      (yargs) =>
        yargs.options({
          'queue-url': textOption('queue-url', 'URL of the SQS queue; by default that in EVENT_QUEUE_URL'),
        }),
      // Imported only here, because loading the AWS SDK takes longer than most other commands run.
      async (args) => (await import('./events.ts')).consumeEvents(args),
    )
    .command(
      'codec-server',
      'decrypt payloads for the Web UI and the Temporal CLI (docs/encryption.md)',
      (yargs) =>
        yargs.options({
          port: textOption('port', `0 takes any free one (default: ${CODEC_SERVER_PORT})`),
          host: textOption('host', 'the address to listen at (default: 127.0.0.1)'),
          'ui-origin': textOption('ui-origin', 'origin of the Web UI (default: http://127.0.0.1:8233)'),
        }),
      async (args) => (await import('./codec-server.ts')).runCodecServer(args),
    )
    .command(
      'doctor',
      'check everything that a run needs: Temporal, the worker, AWS, the role, buckets and key of an import, and the queue of events',
      (yargs) =>
        yargs.options({
          role: textOption('role', 'ARN of the IAM role of your imports (dataAccessRoleArn)'),
          bucket: textsOption('bucket', 'name of a bucket of your imports; may be repeated'),
          'kms-key': textOption('kms-key', 'id, alias or ARN of the KMS key that encrypts outputs'),
          'event-queue': textOption('event-queue', 'URL of the SQS queue of the command events'),
        }),
      // Imported only here, because loading the AWS SDK takes longer than most other commands run.
      async (args) => (await import('./doctor/index.ts')).doctor(args),
    )
    .command(
      'completion',
      'print a script for bash and zsh that completes commands, flows, runs, schedules and flags',
      (yargs) => yargs,
      () => console.log(COMPLETION_SCRIPT),
    )
    .epilogue(
      'Examples:\n' +
        `  ${PROGRAM} start copyImageSet --help\n` +
        `  ${PROGRAM} start startImportAndWaitCompleted --input import.json --watch\n` +
        `  ${PROGRAM} list\n` +
        `  ${PROGRAM} schedule ensure importDicomAndSearch nightly \\\n` +
        `    --cron "0 2 * * *" --input import.json\n\n` +
        'Configuration is that of the worker, the Temporal CLI and the AWS CLI: TEMPORAL_*, temporal.toml, AWS_*.',
    )
    .demandCommand(1, 'Name a command of the list above.')
    .recommendCommands()
    .strict()
    .alias('help', 'h')
    .wrap(100)
    .fail((message, error, parser) => {
      // A YError is yargs' own, for example for a flag without its value. All others come from the command.
      if (error && error.name !== 'YError') throw error;
      // If the command is missing, print the list of commands; if it is misspelled, one line is enough.
      if (/of the list above/.test(message)) parser.showHelp();
      const line = inOurWords(message || error?.message || '', args);
      throw new UserError(`${line} (--help lists commands and flags)`);
    })
    .check(() => refuseOddBooleans(args));
}
