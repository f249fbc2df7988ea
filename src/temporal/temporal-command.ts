import { shellCommand } from '../lib/shell-command.ts';
import { codecEndpoint } from './codec-endpoint.ts';

/**
 * A command of the Temporal CLI for runs or schedules, to be pasted into the user's shell. If payloads are encrypted, it names the codec
 * server: without it, `temporal workflow start` would store the input in clear text, and `temporal workflow show` could decrypt nothing.
 * The token of the codec server is not in the command, only the name of its variable.
 *
 * @param words - such as `['workflow', 'cancel', '--workflow-id', workflowId]`
 * @param program - the path of the Temporal CLI, if it is not on `PATH`
 * @throws UserError as {@link codecEndpoint}
 */
export function temporalCommand(words: readonly string[], program = 'temporal'): string {
  const endpoint = codecEndpoint(process.env);
  if (endpoint === undefined) return shellCommand(program, ...words);
  const command = shellCommand(program, ...words, '--codec-endpoint', endpoint);
  return process.env['TEMPORAL_CODEC_AUTH'] ? `${command} --codec-auth "$TEMPORAL_CODEC_AUTH"` : command;
}
