import type * as session from './session.ts';

/** Loads `withSession` only when a command connects: loading Temporal's client takes longer than to print help or reject a flag. */
export async function withSession(...args: Parameters<typeof session.withSession>): Promise<void> {
  const { withSession } = await import('./session.ts');
  return withSession(...args);
}
