/** The workflows of a fictitious other version of the package: one workflow type with other code, and one unknown type. */
import { sleep } from '@temporalio/workflow';

export async function tagImageSet(_input: object): Promise<void> {
  await sleep('1 day');
}

export async function greet(name: string): Promise<string> {
  await sleep('1 day');
  return `Hello, ${name}`;
}
