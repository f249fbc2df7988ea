/** `doctor`: checks everything that a run needs, and prints how to fix what is wrong. */
import { UserError } from '../../lib/user-error.ts';
import { Terminal } from '../terminal.ts';
import { examineAws, type AwsArgs } from './aws.ts';
import { examineEncryption } from './encryption.ts';
import { Examination } from './examination.ts';
import { examineTemporal } from './temporal.ts';

/** @throws UserError if a check has failed, so that the exit code is 1 */
export async function doctor({ json, ...args }: AwsArgs & { json: boolean | undefined }): Promise<void> {
  const terminal = new Terminal(json ?? false);
  const examination = new Examination(terminal);
  await examineTemporal(examination);
  await examineAws(examination, args);
  await examineEncryption(examination);
  const { findings } = examination;
  terminal.record(findings);
  const failed = findings.filter(({ status }) => status === 'failed').length;
  if (failed > 0) throw new UserError(`${failed} of ${findings.length} checks failed.`);
}
