/**
 * Runs many command lines in one process, one after the other, as the program would run each: what it prints and its exit
 * code. A process for each would take half a second. Reads JSON from stdin: lists of words; writes what has ended as JSON.
 */
import { text } from 'node:stream/consumers';
import { commandLine } from '../../dist/src/cli/commands.js';
import { runMain } from '../../dist/src/lib/user-error.js';

const write = process.stdout.write.bind(process.stdout);
let ended;
const into = (stream) => (chunk, encoding, callback) => {
  ended[stream] += String(chunk);
  (typeof encoding === 'function' ? encoding : callback)?.();
  return true;
};
process.stdout.write = into('stdout');
process.stderr.write = into('stderr');
process.exit = (code) => {
  ended.code = Number(code ?? 0);
};

for (const args of JSON.parse(await text(process.stdin))) {
  ended = { args, code: 0, stdout: '', stderr: '' };
  // Each entry point sets one, and Node warns of more than ten.
  process.removeAllListeners('uncaughtException');
  await runMain(() => commandLine(args).parseAsync());
  write(`${JSON.stringify(ended)}\n`);
}
