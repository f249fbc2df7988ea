import { loadClientConnectConfig } from '@temporalio/envconfig';
import { UserError, messageOf } from '../lib/user-error.ts';

/**
 * Reads the connection options from the configuration of the Temporal CLI: `TEMPORAL_*`, or the profile in `temporal.toml`.
 *
 * @throws UserError for an invalid configuration, for which the SDK throws the error of its parser
 */
export function readTemporalConfig() {
  try {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
    return { connectionOptions, namespace, address: connectionOptions.address ?? 'localhost:7233' };
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    throw new UserError(`The Temporal configuration cannot be read (TEMPORAL_* or temporal.toml): ${reason}`);
  }
}

/** The error for a namespace that does not exist. */
export function noNamespace(address: string, namespace: string): UserError {
  return new UserError(
    `There is no namespace ${namespace} at ${address}. Create it, or set TEMPORAL_NAMESPACE to another one.`,
  );
}

/** The error for a server that cannot be reached. The worker's connection is Rust code, whose errors print their whole structure. */
export function noServer(address: string, error: Error): UserError {
  const reason = /message: "(.*?)"/.exec(error.message)?.[1] ?? error.message;
  return new UserError(
    `No Temporal server at ${address} (${reason}). Start one (temporal server start-dev), or set TEMPORAL_ADDRESS.`,
  );
}
