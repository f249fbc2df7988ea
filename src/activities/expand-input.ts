import { recurringDefaults, recurringMembers, type RecurringFlow } from '../input-rules/recurring-import.ts';
import { expandTemplates, type Moment } from '../input-rules/templates.ts';

/** One firing of a recurring import: the flow's input with templates, and the time that replaces them. */
export interface Firing extends Moment {
  flow: RecurringFlow;
  input: Record<string, unknown>;
}

export interface ExpandedInput {
  input: Record<string, unknown>;
  /** Two members of `input`, whose names differ from flow to flow. The first is absent for a fleet on a list of folders. */
  inputS3Uri?: string;
  datastoreId: string;
}

/** Expands the templates. It is an activity, because workers may have different time zone data, and a replay needs the same result. */
export async function expandInput({ flow, input, ...moment }: Firing): Promise<ExpandedInput> {
  const expanded = { ...recurringDefaults(flow, moment.scheduledAt), ...expandTemplates(input, moment) };
  const names = recurringMembers(flow);
  const inputS3Uri = expanded[names.inputS3Uri];
  return {
    input: expanded,
    ...(typeof inputS3Uri === 'string' && { inputS3Uri }),
    datastoreId: String(expanded[names.datastoreId]),
  };
}
