import { UserError, explainOurs, messageOf } from '../src/lib/user-error.ts';
import { errorCode } from './errors.ts';
import { help, readFlags } from './flags.ts';
import { SettingError } from './read-settings.ts';

/**
 * The command `local-aws`: starts the local AWS, which runs until a signal ends it.
 *
 * @throws UserError, with one line, for a wrong flag, and if the port, the data folder or a package is missing
 */
export const runLocalAws = (args: readonly string[]): Promise<void> => explained(run(args));

/** Gives a failure the text that the user sees. */
const explained = (work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    throw new UserError(`local-aws: ${reasonOf(error)}`, { cause: error });
  });

async function run(args: readonly string[]): Promise<void> {
  // Suppresses the warning of the AWS SDK that its next versions need a newer Node. It does not concern the user of this program.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const flags = readFlags(args);
  if (!flags) {
    console.log(help);
    return;
  }
  // Loading the AWS SDKs takes a second. They are loaded after the flags are read, so that a wrong flag is reported at once.
  const { startLocalAws } = await import('./index.ts');
  const { options, isJson } = flags;
  const aws = await startLocalAws(options);
  const stop = () => {
    // Without the handlers, a second signal ends the process at once. That loses nothing durable.
    process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGHUP', stop);
    // A failure ends the process with its text, as every uncaught error does.
    void explained(aws.close());
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  const { endpoint, s3Folder } = aws;
  const kept =
    options.data === undefined ? `nothing kept, S3's files in ${s3Folder}` : `state in ${options.data}`;
  console.log(
    isJson
      ? JSON.stringify({ endpoint, s3Folder })
      : `local AWS: HealthImaging, HealthLake, S3, SQS and KMS at ${endpoint}, ${kept}`,
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof SettingError) return error.message;
  if (errorCode(error) === 'EADDRINUSE')
    return 'the port is taken; choose another by --port (0 takes any free one)';
  if (errorCode(error) === 'LEVEL_LOCKED')
    return 'the data folder is in use by another local AWS; choose another by --data';
  // LevelDB's other errors: a folder that cannot be written to, a disk that is full, files that are damaged.
  if (errorCode(error)?.startsWith('LEVEL_')) return `the data folder cannot be used: ${messageOf(error)}`;
  return explainOurs(error);
}
