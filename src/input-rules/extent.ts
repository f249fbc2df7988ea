import { isRecord } from '../lib/guards.ts';

/** More than any valid input has: the 1,000 folders of a fleet, or attributes of 30 KB. */
const MOST_VALUES = 20_000;

/** Far deeper than DICOM's sequences are nested. */
const DEEPEST = 100;

/**
 * Refuses an input that nobody makes by mistake, before its rules are checked: the check of 200,000 members, which fit into the 2 MB
 * of an input, would keep a worker busy for seconds, and the check of deeply nested lists could exhaust its stack.
 *
 * @returns the rule that the input breaks, as the rest of a sentence; undefined for an input of a usual size
 */
export function brokenExtent(input: unknown): string | undefined {
  const open: { value: unknown; depth: number }[] = [{ value: input, depth: 0 }];
  let seen = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next;
    if (depth > DEEPEST) return `must not be nested more than ${DEEPEST} deep`;
    const inside = membersIn(value);
    seen += inside.length;
    if (seen > MOST_VALUES) return `must not have more than ${MOST_VALUES} values`;
    for (const held of inside) open.push({ value: held, depth: depth + 1 });
  }
  return undefined;
}

function membersIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  // A blob or a timestamp of the SDK is one value.
  if (!isRecord(value) || ArrayBuffer.isView(value) || value instanceof Date) return [];
  return Object.values(value);
}
