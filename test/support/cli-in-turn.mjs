/**
 * Runs command lines in one process, one after the other, as the program would run each. A process for each would take half a
 * second of processor time, nearly all of it for loading Temporal's client. A message `{args, env, input}` is answered with what
 * the command line has printed, and its exit code.
 */
import { Readable } from 'node:stream';
import { program } from '../../dist/src/cli/program.js';

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

async function run({ args, env, input }) {
  ended = { code: 0, stdout: '', stderr: '' };
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from([input]) });
  // Each command line sets a listener, and Node warns of more than ten.
  process.removeAllListeners('uncaughtException');
  await program(args);
  process.send(ended);
}

let last = Promise.resolve();
process.on('message', (commandLine) => {
  last = last.then(() => run(commandLine));
});
