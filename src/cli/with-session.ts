import type * as session from './session.ts';

/** Loads `withSession` only when a command connects: loading Temporal's client takes longer than to print help or reject a flag. */
export async function withSession(...args: Parameters<typeof session.withSession>): Promise<void> {
  const { withSession } = await import('./session.ts');
  return withSession(...args);
}

/** Says so if a command waits for the end of a run, which can take days. */
export async function noteIfRunning(
  { flows, terminal }: Pick<session.Session, 'flows' | 'terminal'>,
  workflowId: string,
): Promise<void> {
  const { status } = await flows.temporal.workflow.getHandle(workflowId).describe();
  if (status.name === 'RUNNING')
    terminal.note(`${workflowId} is still running; waiting for its end. watch shows its steps.`);
}
