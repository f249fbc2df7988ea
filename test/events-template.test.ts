/** The CloudFormation template deploy/events.yaml, which cfn-lint checks in `npm run check:deploy`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Events } from '../local-aws/events.ts';
import { followHealthLake } from '../local-aws/healthlake/events.ts';
import { followImaging } from '../local-aws/medical-imaging/events.ts';

/** Two of the filters of event patterns (EventBridge user guide, "Comparison operators"). */
type Filter = string | { readonly prefix: string };

interface Template {
  readonly Resources: {
    readonly Rule: {
      readonly Properties: { readonly EventPattern: Readonly<Record<'source' | 'detail-type', Filter[]>> };
    };
  };
}

// The parser does not know CloudFormation's tags, such as !Ref, and takes what follows them as text.
const template = parse(readFileSync(join(import.meta.dirname, '../deploy/events.yaml'), 'utf8'), {
  logLevel: 'error',
}) as Template;

const fits = (value: string, filters: readonly Filter[]) =>
  filters.some((filter) => (typeof filter === 'string' ? value === filter : value.startsWith(filter.prefix)));

function isForwarded(source: string, detailType: string): boolean {
  const { EventPattern } = template.Resources.Rule.Properties;
  return fits(source, EventPattern.source) && fits(detailType, EventPattern['detail-type']);
}

/** The source and the type of all events that the local AWS sends. */
function allEvents(): (readonly [source: string, detailType: string])[] {
  const found: (readonly [string, string])[] = [];
  const listener: Pick<Events, 'follow'> = {
    follow: ({ source, detailTypes }) =>
      void found.push(...detailTypes.map((detailType) => [source, detailType] as const)),
  };
  followImaging(listener);
  followHealthLake(listener);
  return found;
}

test('the rule forwards every event that the consumer takes, and no other', () => {
  const events = allEvents();
  expect(events.length).toBeGreaterThan(30);
  expect(events.filter((event) => !isForwarded(...event))).toEqual([
    ['aws.medical-imaging', 'Image Set Created'],
  ]);
  expect(isForwarded('aws.ec2', 'Import Job Completed')).toBe(false);
  // The events of the audit log, which CloudTrail sends for each call.
  expect(isForwarded('aws.healthlake', 'AWS API Call via CloudTrail')).toBe(false);
});
