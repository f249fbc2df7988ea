import { createHash } from 'node:crypto';
import { ServiceError } from './errors.ts';
import { after } from './timeline.ts';
import type { World } from './world.ts';

interface UsedToken {
  readonly id: string;
  readonly parameters: string;
  readonly usedAt: number;
}

/**
 * Creates a resource once per client token. The same token with the same parameters returns the id of the first time, and with
 * other parameters it is an error. AWS documents neither that error nor how long a token is remembered; both are settings.
 *
 * @param create - creates the resource and returns its id
 */
export function oncePerToken(
  { settings, store }: World,
  operation: string,
  input: { readonly clientToken?: string | undefined; readonly ClientToken?: string | undefined },
  create: () => string,
): string {
  const token = input.clientToken ?? input.ClientToken;
  if (token === undefined) return create();
  const tokens = store.table<UsedToken>('token');
  const key = `${operation}:${token}`;
  const parameters = createHash('sha256')
    .update(JSON.stringify(sorted(input)))
    .digest('hex');
  const used = tokens.get(key);
  if (used && Date.now() < after(used.usedAt, settings.tokenLifetimeMs)) {
    if (used.parameters === parameters) return used.id;
    const error = 'ClientToken' in input ? settings.fhirTokenReuseError : settings.imagingTokenReuseError;
    throw new ServiceError(error, 'The client token was used before with other parameters.');
  }
  const id = create();
  tokens.put(key, { id, parameters, usedAt: Date.now() });
  return id;
}

/** Sorts members by name, because requests that differ only in the order of members have the same parameters. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [name, sorted(member)]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
