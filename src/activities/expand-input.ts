import { recurringDefaults, recurringMembers, type RecurringFlow } from '../input-rules/recurring-import.ts';
import { expandTemplates, type Moment } from '../input-rules/templates.ts';

/** One firing of a recurring import: the flow's input, with templates, and the time that they are expanded from. */
export interface Firing extends Moment {
  flow: RecurringFlow;
  input: Record<string, unknown>;
}

export interface ExpandedInput {
  input: Record<string, unknown>;
  /** Two of its members, whatever the flow calls them. */
  inputS3Uri: string;
  datastoreId: string;
}

/** Says what a firing imports. In an activity, since only what is recorded is the same on every worker. */
export async function expandInput({ flow, input, ...moment }: Firing): Promise<ExpandedInput> {
  const expanded = { ...recurringDefaults(flow), ...expandTemplates(input, moment) };
  const names = recurringMembers(flow);
  return {
    input: expanded,
    inputS3Uri: String(expanded[names.inputS3Uri]),
    datastoreId: String(expanded[names.datastoreId]),
  };
}
