import { parseArgs } from 'node:util';
import { UserError, explainOurs } from '../src/lib/user-error.ts';
import type { LocalAwsOptions } from './server.ts';
import { readSettings, SettingError } from './settings.ts';

const usage = 'local-aws --port 4566 --data DIR [--host 127.0.0.1] [--set name=value]…';

async function main(): Promise<void> {
  // Which Node runs the stand-in is nothing its user can act on.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const options = readOptions(process.argv.slice(2));
  // Only now: loading the SDKs takes a second, which nobody should wait for to learn of a typing error.
  const { startLocalAws } = await import('./server.ts');
  const aws = await startLocalAws(options);
  const stop = () => {
    // A second signal kills: nothing durable is lost by it.
    process.off('SIGINT', stop).off('SIGTERM', stop);
    aws.close().catch(fail);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  console.log(`local AWS: HealthImaging, HealthLake and S3 at ${aws.endpoint}, state in ${options.data}`);
}

function readOptions(args: string[]): LocalAwsOptions {
  const { port, data, host, set } = parse(args);
  if (!data) throw new UserError(`--data is missing: ${usage}`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UserError('--port must be a number from 0 to 65535');
  }
  // Node would take it for all addresses of this machine.
  if (host === '') throw new UserError('--host must not be empty');
  const pairs = set.map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new UserError('--set must be name=value, such as copyMs=50');
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return { port: Number(port), data, host, settings: readSettings(Object.fromEntries(pairs)) };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: '4566' },
        host: { type: 'string', default: '127.0.0.1' },
        data: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('. ')[0] : 'wrong arguments';
    throw new UserError(`${reason}: ${usage}`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SettingError) return error.message;
  if (isCode(error, 'EADDRINUSE'))
    return 'the port is taken; choose another by --port (0 takes any free one)';
  if (isCode(error, 'LEVEL_LOCKED'))
    return 'the data folder is in use by another local AWS; choose another by --data';
  // LevelDB's other errors: a folder that cannot be written to, a disk that is full, files that are damaged.
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('LEVEL_'))
    return `the data folder cannot be used: ${error.message}`;
  return explainOurs(error);
}

const isCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code;

function fail(error: unknown): void {
  console.error(`local-aws: ${reasonOf(error)}`);
  process.exit(1);
}

process.on('uncaughtException', fail);
main().catch(fail);
