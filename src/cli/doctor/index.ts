/** `doctor`: looks at everything that a run needs, and says of what is missing how to mend it. */
import { UserError } from '../../lib/user-error.ts';
import { Terminal } from '../terminal.ts';
import { examineAws, type ImportArgs } from './aws.ts';
import { Examination } from './examination.ts';
import { examineTemporal } from './temporal.ts';

/** @throws UserError when anything is wrong: the exit code tells a script */
export async function doctor({ json, ...args }: ImportArgs & { json: boolean | undefined }): Promise<void> {
  const terminal = new Terminal(json ?? false);
  const examination = new Examination(terminal);
  await examineTemporal(examination);
  await examineAws(examination, args);
  const { findings } = examination;
  terminal.record(findings);
  const failed = findings.filter(({ status }) => status === 'failed').length;
  if (failed > 0) throw new UserError(`${failed} of ${findings.length} checks have failed.`);
}
