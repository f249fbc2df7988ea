import serviceRules from './service-rules.json' with { type: 'json' };
import { compileRules, type Problem } from './ajv.ts';

export type Service = keyof typeof serviceRules;

const compiled = new Map<string, (input: unknown) => Problem[]>();

/**
 * Holds the input of one AWS operation against the service's own rules: patterns, lengths, ranges, required members.
 * The AWS SDK checks none of them, so the service is the first to object (aws-facts §8).
 *
 * @param operation - name in the service model, such as `CopyImageSet`
 * @param input - as the SDK has it: blobs are `Uint8Array`, timestamps `Date`
 * @returns every problem; empty when the service would take the input
 */
export function operationProblems(service: Service, operation: string, input: unknown): Problem[] {
  const ref = `${service}#/$defs/${operation}Request`;
  let check = compiled.get(ref);
  if (!check) compiled.set(ref, (check = compileRules({ $ref: ref })));
  return check(input);
}
