import { loadClientConnectConfig } from '@temporalio/envconfig';
import { UserError } from '../lib/user-error.ts';

/**
 * How to reach Temporal, as the Temporal CLI reads it: `TEMPORAL_*`, or the profile in `temporal.toml`.
 *
 * @throws UserError for a configuration that cannot be read; the SDK throws whatever its parser threw
 */
export function readTemporalConfig() {
  try {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
    return { connectionOptions, namespace, address: connectionOptions.address ?? 'localhost:7233' };
  } catch (error) {
    const [reason] = String(error).split('\n');
    throw new UserError(`The Temporal configuration cannot be read (TEMPORAL_* or temporal.toml): ${reason}`);
  }
}

export function noNamespace(address: string, namespace: string): UserError {
  return new UserError(
    `There is no namespace ${namespace} at ${address}. Make it, or set TEMPORAL_NAMESPACE.`,
  );
}

/** Nobody answers there. */
export function noServer(address: string, error: Error): UserError {
  return new UserError(
    `No Temporal server at ${address} (${error.message}). Start one (npm run dev), or set TEMPORAL_ADDRESS.`,
  );
}
