import serviceRules from './service-rules.json' with { type: 'json' };
import { compileRules, type Problem } from './ajv.ts';

export type Service = keyof typeof serviceRules;

const compiled = new Map<string, (input: unknown) => Problem[]>();

/**
 * Checks the input of one AWS operation against the service's own rules: patterns, lengths, ranges, required members. The AWS
 * SDK checks none of them.
 *
 * @param operation - its name in the service model, such as `CopyImageSet`
 * @param input - the SDK's input: blobs are `Uint8Array`, timestamps `Date`
 * @returns all problems; empty for a valid input
 */
export function operationProblems(service: Service, operation: string, input: unknown): Problem[] {
  const ref = `${service}#/$defs/${operation}Request`;
  let check = compiled.get(ref);
  if (!check) compiled.set(ref, (check = compileRules({ $ref: ref })));
  return check(input);
}
