import { hostname, userInfo } from 'node:os';

/**
 * What a client says of itself when it starts, signals or cancels a run: `aws-health-workflows:ann@host`. Temporal stores it in the
 * history, and does not verify it.
 */
export const clientIdentity = (): string => `aws-health-workflows:${userName()}@${hostname()}`;

/** Node throws if the operating system has no name for the user, as in a container that runs with a free user id. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
