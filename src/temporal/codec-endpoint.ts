import { UserError } from '../lib/user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The port of the codec server, unless its flag `--port` names another one. */
export const CODEC_SERVER_PORT = 8081;

/**
 * The URL of the codec server: `TEMPORAL_CODEC_ENDPOINT`, as for the Temporal CLI. If it is not set but `PAYLOAD_KEYS` is, this is where
 * the command `codec-server` listens by default.
 *
 * @returns undefined if payloads are not encoded
 * @throws UserError for a value that is not a URL, or that contains a password: it would be shown in messages and printed commands
 */
export function codecEndpoint(env: Environment): string | undefined {
  const named = env['TEMPORAL_CODEC_ENDPOINT'];
  if (!named) return env['PAYLOAD_KEYS'] ? `http://127.0.0.1:${CODEC_SERVER_PORT}` : undefined;
  if (!/^https?:\/\/[^/]/.test(named)) {
    throw new UserError('TEMPORAL_CODEC_ENDPOINT must begin with http:// or https://.');
  }
  if (/^https?:\/\/[^/?#]*@/.test(named)) {
    throw new UserError(
      'TEMPORAL_CODEC_ENDPOINT must not contain a user name or a password. Set TEMPORAL_CODEC_AUTH to the Authorization header.',
    );
  }
  return named;
}
