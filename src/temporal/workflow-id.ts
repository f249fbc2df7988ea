import { createHash, createHmac, randomBytes } from 'node:crypto';
import { canonicalJson } from '../lib/canonical-json.ts';
import { documentName } from '../lib/document-name.ts';
import { membersOf } from '../input-rules/members.ts';
import type { WorkflowName } from '../input-rules/workflows.ts';
import { UserError } from '../lib/user-error.ts';

/**
 * The default workflow id of a run: the flow's document name and 16 hexadecimal digits, such as
 * `find-image-set-by-patient-0123456789abcdef`.
 *
 * Workflow ids are stored unencrypted, and appear in lists and logs. A plain hash would not hide patient data: somebody who
 * knows the rest of the input can hash all seven-digit patient ids within seconds and compare. The digits are therefore
 * - with a key: the HMAC-SHA-256 (RFC 2104) of the input. Equal inputs give equal ids; guessing needs the key.
 * - without a key, if the input has no sensitive member: the SHA-256 of the input. Equal inputs give equal ids.
 * - without a key, if it has one: eight digits of the SHA-256 of the other members, and eight random ones. Each id is unique.
 *
 * @param key - `WORKFLOW_ID_KEY`, see {@link readWorkflowIdKey}
 */
export function workflowIdOf(workflow: WorkflowName, input: object, key?: string): string {
  return `${documentName(workflow)}-${digitsOf(workflow, input, key)}`;
}

/**
 * Whether {@link workflowIdOf} derives the id from the whole input. If not, the id is partly random, and may by chance be
 * that of a run with another input.
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

/** The input without its sensitive members. Returns the same object if it has none. */
function withoutSensitive(workflow: WorkflowName, input: object): object {
  const sensitive = new Set(membersOf(workflow).flatMap(({ name, sensitive }) => (sensitive ? [name] : [])));
  const members = Object.entries(input);
  const rest = members.filter(([name, value]) => value === undefined || !sensitive.has(name));
  return rest.length === members.length ? input : Object.fromEntries(rest);
}

/** RFC 2104 §3 discourages keys shorter than the hash (32 bytes). This limit rejects only keys that could be guessed. */
const SHORTEST_KEY = 16;

/**
 * Reads the secret that all programs of a deployment that start runs share. With it, starting a flow twice with the same
 * input returns the same run, even if the input contains patient data.
 *
 * @returns undefined if `WORKFLOW_ID_KEY` is not set, or empty
 * @throws UserError for a key of fewer than 16 characters
 */
export function readWorkflowIdKey(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const key = env['WORKFLOW_ID_KEY'];
  if (!key) return undefined;
  if (key.length >= SHORTEST_KEY) return key;
  throw new UserError(
    `WORKFLOW_ID_KEY must have at least ${SHORTEST_KEY} characters, because a shorter key could be guessed. To generate one: openssl rand -hex 32`,
  );
}
