/** `schedule list` and `schedule describe`. */
import type { ScheduleStatus } from '../schedules.ts';
import { temporalCommand } from '../temporal/temporal-command.ts';
import type { Session } from './session.ts';
import { PROGRAM } from './terminal.ts';

export async function list({ flows, terminal }: Session): Promise<void> {
  const schedules = await flows.schedules.list();
  terminal.record(schedules);
  if (schedules.length === 0) {
    return terminal.say(
      `There are no recurring imports yet. To create one: ${PROGRAM} schedule ensure --help`,
    );
  }
  terminal.table(
    ['SCHEDULE', 'NEXT', 'LAST RUN', 'NOTE'],
    schedules.map(({ scheduleId, paused, note, next, recent }) => [
      scheduleId,
      paused ? 'paused' : (next[0]?.toISOString() ?? ''),
      recent.at(-1)?.workflowId ?? '',
      note,
    ]),
  );
}

export async function describe({ flows, terminal }: Session, scheduleId: string): Promise<void> {
  const status = await flows.schedules.describe(scheduleId);
  terminal.record(status);
  for (const line of linesOf(status)) terminal.say(line);
  terminal.table(
    ['SCHEDULED', 'STARTED', 'RUN'],
    status.recent.map(({ scheduledAt, startedAt, workflowId }) => [
      scheduledAt.toISOString(),
      startedAt.toISOString(),
      workflowId,
    ]),
  );
  if (status.counts.fired > status.recent.length) {
    const query = `TemporalScheduledById="${scheduleId}"`;
    terminal.say(
      `\nThe last ${status.recent.length} of ${status.counts.fired} firings are shown. To list all within the retention period:`,
    );
    terminal.say(temporalCommand(['workflow', 'list', '--query', query]));
  }
}

function linesOf({ recurringImport, paused, note, next, running, ...rest }: ScheduleStatus): string[] {
  const { flow, input, ...timing } = recurringImport;
  const { waiting, counts } = rest;
  return [
    `flow       ${flow}`,
    `input      ${JSON.stringify(input)}`,
    ...Object.entries(timing).map(([name, value]) => `${name.padEnd(10)} ${describeValue(value)}`),
    `state      ${paused ? 'paused' : 'active'}${note && ` (${note})`}`,
    `next       ${next
      .slice(0, 3)
      .map((time) => time.toISOString())
      .join(', ')}`,
    `running    ${running.join(', ') || 'nothing'}`,
    `waiting    ${waiting === 0 ? 'nothing' : `${waiting} firings`}`,
    `counts     ${Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    '',
  ];
}

/** The numbers of a schedule are all durations, in milliseconds. */
const describeValue = (value: unknown) =>
  typeof value === 'number' ? describeDuration(value) : String(value);

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Uses the largest unit that gives a whole number. The package `ms` would round 90 seconds to 2 minutes. */
function describeDuration(milliseconds: number): string {
  if (milliseconds === 0) return 'none';
  const [unit, length] = UNITS.find(([, size]) => milliseconds % size === 0) ?? ['millisecond', 1];
  const count = milliseconds / length;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
