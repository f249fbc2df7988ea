/** What another version of the package might hold: one of its workflow types, with other code, and one that it lacks. */
import { sleep } from '@temporalio/workflow';

export async function tagImageSet(_input: object): Promise<void> {
  await sleep('1 day');
}

export async function greet(name: string): Promise<string> {
  await sleep('1 day');
  return `Hello, ${name}`;
}
