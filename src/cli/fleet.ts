/** The commands that steer fleets, and show their reports. */
import type { Argv } from 'yargs';
import type { ReportedJob } from '../activities/fleet/record.ts';
import type { FleetUpdate } from '../client/fleet.ts';
import { UserError } from '../lib/user-error.ts';
import type { FleetStanding } from '../workflows/fleet/steering.ts';
import { s3Client } from './s3-client.ts';
import type { Session } from './session.ts';
import { ourCommand } from './terminal.ts';
import { idPositional, limitOption, rateOption, wholeOption } from './values.ts';
import { noteIfRunning, withSession } from './with-session.ts';

/** The number of jobs that a table shows if `--limit` is not given. */
const SHOWN_JOBS = 50;

/** `pause`, `resume`, `set`, `cancel-remaining`, `report`. */
export function addFleetCommands(cli: Argv<{ json: boolean | undefined }>) {
  const ofFleet = (yargs: typeof cli) => yargs.positional('id', idPositional('workflow id of the fleet'));
  const steering = (name: string, describe: string, update: FleetUpdate) =>
    cli.command(`${name} <id>`, describe, ofFleet, (args) =>
      withSession(args, (session) => steer(session, args.id, [update])),
    );
  steering('pause', 'start no further job of a fleet; those in AWS go on', ['pause']);
  steering('resume', 'start jobs of a paused fleet again', ['resume']);
  steering('cancel-remaining', 'start no further job of a fleet, see those in AWS through, and end', [
    'cancelRemaining',
  ]);
  return cli
    .command(
      'set <id>',
      'change the pace of a fleet',
      (yargs) =>
        ofFleet(yargs).options({
          concurrency: wholeOption('concurrency', 'how many jobs may be in AWS at the same time'),
          'starts-per-second': rateOption('starts-per-second', 'how many jobs to start in a second'),
        }),
      (args) =>
        withSession(args, (session) => {
          const { concurrency, 'starts-per-second': startsPerSecond } = args;
          return steer(session, args.id, [
            ...(concurrency === undefined ? [] : [['setConcurrency', concurrency] as const]),
            ...(startsPerSecond === undefined ? [] : [['setStartsPerSecond', startsPerSecond] as const]),
          ]);
        }),
    )
    .command(
      'report <id>',
      'show the jobs of a fleet that has ended, those that lost most first',
      (yargs) =>
        ofFleet(yargs).options({
          limit: limitOption(`how many jobs to show (default: ${SHOWN_JOBS}, with --json all)`),
        }),
      (args) => withSession(args, (session) => report(session, args.id, args.limit)),
    );
}

async function steer(
  { flows, terminal }: Session,
  workflowId: string,
  updates: readonly FleetUpdate[],
): Promise<void> {
  // Throws if there is no such run, whatever else is wrong.
  await flows.temporal.workflow.getHandle(workflowId).describe();
  let standing: FleetStanding | undefined;
  for (const update of updates) standing = await flows.steer(workflowId, ...update);
  if (!standing) throw new UserError('Name --concurrency or --starts-per-second.');
  terminal.record(standing);
  const { status, why, waiting, running, concurrency, startsPerSecond } = standing;
  terminal.say(`${workflowId} is ${status}${why === undefined ? '' : `: ${why}`}.`);
  terminal.say(
    `${waiting} jobs are to be started and ${running} are in AWS; at most ${concurrency} at once, ${startsPerSecond} a second.`,
  );
}

async function report(
  { flows, terminal }: Session,
  workflowId: string,
  limit = terminal.json ? Infinity : SHOWN_JOBS,
): Promise<void> {
  await noteIfRunning({ flows, terminal }, workflowId);
  const jobs = await flows.report(workflowId, await s3Client());
  if (!jobs) throw new UserError(`${workflowId} has no report: it is no fleet, or it has only planned.`);
  const all: ReportedJob[] = [];
  for await (const job of jobs) all.push(job);
  const sorted = all.toSorted((a, b) => lossOf(b) - lossOf(a));
  const shown = sorted.slice(0, limit);
  terminal.record(shown);
  terminal.table(
    ['OUTCOME', 'IMPORTED', 'OF', 'TRIES', 'REASON', 'FOLDER'],
    shown.map((job) => [
      job.outcome,
      String(job.counts?.imported ?? 0),
      String(filesOf(job)),
      String(job.attempts),
      job.reason ?? '',
      folderOf(job),
    ]),
  );
  if (sorted.length > shown.length) {
    const command = ourCommand('report', workflowId, '--limit', 'all');
    terminal.say(`\n${shown.length} of ${sorted.length} are shown. To list all: ${command}`);
  }
}

/** How many files a job has lost. One that failed as a whole has lost all, also where nothing was counted. */
const lossOf = (job: ReportedJob) =>
  job.outcome === 'planned again' ? 0 : filesOf(job) - (job.counts?.imported ?? 0);

const filesOf = ({ counts, files, notCopied = 0 }: ReportedJob) =>
  counts ? counts.scanned + notCopied : files;

/** The folder of the originals of a staged job, which may be several. */
function folderOf({ prefix, folders }: ReportedJob): string {
  const [first = prefix, ...others] = folders ?? [];
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
