import { createHash, createHmac, randomBytes } from 'node:crypto';
import { canonicalJson } from '../lib/canonical-json.ts';
import { documentName } from '../lib/document-name.ts';
import { membersOf } from '../input-rules/members.ts';
import type { WorkflowName } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';

/**
 * The id of a run that nobody has given one: `find-image-set-by-patient-` and 16 hexadecimal digits.
 *
 * Ids are stored unencrypted, and are shown in lists and logs. A plain hash does not hide patient data there: whoever knows
 * the rest of the input hashes all patient ids of seven digits within seconds. So the digits are
 * - with a key, of the HMAC-SHA-256 (RFC 2104) of the input: equal inputs give equal ids, and only the key's owners can guess;
 * - without a key, of the SHA-256 of an input that holds no sensitive member: equal inputs give equal ids;
 * - without a key and with a sensitive member, half of the SHA-256 of the other members, half random: each id is another.
 *
 * @param key - `WORKFLOW_ID_KEY`, see {@link readWorkflowIdKey}
 */
export function workflowIdOf(workflow: WorkflowName, input: object, key?: string): string {
  return `${documentName(workflow)}-${digitsOf(workflow, input, key)}`;
}

/**
 * Whether {@link workflowIdOf} gives an id that tells this input from all others. If not, the id is partly random, and may
 * by chance be that of a run with another input.
 */
export function identifiesInput(workflow: WorkflowName, input: object, key?: string): boolean {
  return key !== undefined || withoutSensitive(workflow, input) === input;
}

function digitsOf(workflow: WorkflowName, input: object, key: string | undefined): string {
  if (key !== undefined)
    return createHmac('sha256', key).update(canonicalJson(input)).digest('hex').slice(0, 16);
  const rest = withoutSensitive(workflow, input);
  const digits = createHash('sha256').update(canonicalJson(rest)).digest('hex');
  return rest === input ? digits.slice(0, 16) : digits.slice(0, 8) + randomBytes(4).toString('hex');
}

/** The input without its sensitive members; the input itself where it has none. */
function withoutSensitive(workflow: WorkflowName, input: object): object {
  const sensitive = new Set(membersOf(workflow).flatMap(({ name, sensitive }) => (sensitive ? [name] : [])));
  const members = Object.entries(input);
  const rest = members.filter(([name, value]) => value === undefined || !sensitive.has(name));
  return rest.length === members.length ? input : Object.fromEntries(rest);
}

/** RFC 2104 §3 discourages keys that are shorter than the hash. This refuses those that could be guessed. */
const SHORTEST_KEY = 16;

/**
 * The secret that the starters of one deployment share, so that asking twice for the same input gives the same run, where
 * the input holds patient data too.
 *
 * @returns undefined where `WORKFLOW_ID_KEY` is not set, or empty
 * @throws UserError for a key of fewer than 16 characters
 */
export function readWorkflowIdKey(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const key = env['WORKFLOW_ID_KEY'];
  if (!key) return undefined;
  if (key.length >= SHORTEST_KEY) return key;
  throw new UserError(
    `WORKFLOW_ID_KEY must have at least ${SHORTEST_KEY} characters, as ids could be guessed otherwise. To make one: openssl rand -hex 32`,
  );
}
