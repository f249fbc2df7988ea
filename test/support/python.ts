/** A Python with the packages of python-requirements.txt, for tests of clients that are not written in JavaScript. */
import path from 'node:path';
import { pythonEnvironment } from '../../dev/python.ts';

const requirements = path.join(import.meta.dirname, 'python-requirements.txt');
/**
 * The requirements of the example. python-requirements.txt includes them, so that the test of the example can use this
 * environment.
 */
const ofExample = path.join(import.meta.dirname, '../../examples/pytest/requirements.txt');
const folder = path.join(import.meta.dirname, '../../.local/python');

/** @returns the path of the interpreter; nothing where python3 or pip cannot make it, after one line that says why */
export function python(): string | undefined {
  const environment = pythonEnvironment([requirements, ofExample], folder);
  if (environment.interpreter === undefined) console.log(`Not tested with Python: ${environment.problem}`);
  return environment.interpreter;
}
