import { parseArgs } from 'node:util';
import { UserError } from '../src/lib/user-error.ts';
import { checkOptions, type LocalAwsOptions } from './options.ts';
import { readSettings } from './read-settings.ts';

export const usage = 'local-aws --port 4566 --data DIR (--help shows all flags)';

export const help = `local-aws: HealthImaging, HealthLake, S3, SQS and KMS on this machine

  --data DIR        keeps everything in this folder, and goes on with what is in it;
                    s3://bucket/key is the file DIR/s3/bucket/key
  --memory          keeps nothing on disk but S3's files, in a temporary folder
                    that is removed at the end; instead of --data
  --load DIR        starts with a copy of a folder that POST /_local/save wrote;
                    DIR stays as it is. With --data, that folder must be empty
  --port N          0 takes any free one (default: 4566)
  --host HOST       the address to listen at (default: 127.0.0.1)
  --fast            everything that takes time takes 10 ms
  --seed N          the same calls in the same order give the same ids
  --set NAME=VALUE  a setting, such as copyMs=50 or copyMs=never; may be repeated
  --json            says on one line of JSON where it listens, and where S3's files are
  --help            shows this text

While it runs: GET /_local/health, POST /_local/reset, POST /_local/save {"folder": "/DIR"}.`;

export interface Flags {
  readonly options: LocalAwsOptions;
  readonly isJson: boolean;
}

/**
 * Reads the flags of the command.
 *
 * @returns nothing if only the help is wanted
 * @throws UserError, SettingError: one line that says what is wrong
 */
export function readFlags(args: readonly string[]): Flags | undefined {
  const { help, json, port, data, memory, load, seed, fast, host, set } = parse(args);
  if (help) return undefined;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UserError('--port must be a number from 0 to 65535');
  }
  // For an empty host, Node would listen at all addresses of this machine.
  if (host === '') throw new UserError('--host must not be empty');
  const options = {
    port: Number(port),
    host,
    data,
    memory,
    load,
    seed: seed === undefined ? undefined : wholeNumber(seed),
    fast,
    settings: readSettings(Object.fromEntries(set.map(toPair))),
  };
  checkOptions(options);
  return { options, isJson: json };
}

function parse(args: readonly string[]) {
  try {
    const { values, tokens } = parseArgs({
      args: [...args],
      tokens: true,
      options: {
        port: { type: 'string', default: '4566' },
        host: { type: 'string', default: '127.0.0.1' },
        data: { type: 'string' },
        memory: { type: 'boolean', default: false },
        load: { type: 'string' },
        seed: { type: 'string' },
        fast: { type: 'boolean', default: false },
        set: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    refuseRepeated(tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : [])));
    return values;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message.split(/\.\s/)[0] : 'wrong arguments';
    throw new UserError(`${reason}: ${usage}`);
  }
}

function refuseRepeated(names: readonly string[]): void {
  const repeated = names.find((name, i) => name !== 'set' && names.indexOf(name) < i);
  if (repeated !== undefined) throw new UserError(`--${repeated} is given more than once: ${usage}`);
}

/** NaN for anything but digits, which `checkOptions` then refuses. `Number` alone would read an empty text as 0. */
const wholeNumber = (text: string) => (/^\d{1,16}$/.test(text) ? Number(text) : NaN);

function toPair(pair: string): [name: string, value: string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new UserError('--set must be name=value, such as copyMs=50');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
