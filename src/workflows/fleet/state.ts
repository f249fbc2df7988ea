/**
 * What a fleet knows about its jobs, and what it does next. No calls and no clock: the engine passes in the answers and the
 * time. The state is JSON, and small: jobs that have not begun are ranges, and jobs that have ended are sums.
 */
import type { FleetRules } from '../../pacing/rules.ts';
import type { IndexRange } from '../../activities/fleet/plan-files.ts';
import { divided, isWithin } from './ranges.ts';

/** One try of a job, which the services know by its mark: `<plan id>-<index>-<attempt>`. */
export interface Try {
  readonly index: number;
  readonly attempt: number;
  /** When it was sent without an answer (milliseconds since 1970): the service may have started it. */
  readonly since?: number;
}

export interface RunningJob extends Omit<Try, 'since'> {
  readonly jobId: string;
}

/** How a job has ended. */
export interface EndedJob extends RunningJob {
  /** Of the service; `REJECTED` if the service has refused to start it. */
  readonly status: string;
  /** Why it has failed, in a word without patient data. */
  readonly reason?: string;
  readonly submittedAt?: string;
  readonly endedAt?: string;
}

/** The settings that updates change. */
export interface Pace {
  /** How many jobs may be in the service at the same time. */
  readonly concurrency: number;
  readonly startsPerSecond: number;
}

/** Jobs that have not begun, and tries to make before them. */
export interface Pending {
  todo: IndexRange[];
  again: Try[];
}

export interface FleetState<Sums> extends Pending {
  pace: Pace;
  /** How many jobs and files there are in all. A job that is planned again becomes several. */
  planned: { jobs: number; files: number };
  /** Staged jobs, whose files must be copied before they can be started. */
  unstaged: Pending;
  /** Staged jobs whose files are being copied. */
  staging: Try[];
  /** Tries whose start has been requested. The request has no answer yet. */
  starting: Try[];
  /** Sent without an answer for so long that the service may have forgotten their tokens. They are looked for by their marks. */
  lost: Try[];
  running: RunningJob[];
  /** Jobs that have ended in the service. Their outcome has not been read yet. */
  ended: EndedJob[];
  /** Jobs that have failed because they have too many files. They are planned again. */
  tooLarge: RunningJob[];
  /** The number of the next part of the report. */
  part: number;
  sums: Sums;
  /** The current rate, in starts per second, which throttling lowers. */
  rate: { perSecond: number; at: number };
  /** When the next start is due, in milliseconds since 1970. */
  nextStart: number;
  /** Whether the service has refused a start because too many jobs are in it. */
  full: boolean;
  /** Whether the first job, which goes alone, has ended well. */
  proven: boolean;
  streak: { reason: string; count: number };
  /** Why the fleet has paused; absent while it runs. */
  paused?: string;
  /** Set by `cancelRemaining`: how many jobs were not started. */
  left?: number;
}

/** What an earlier run on the same plan, if there was one, has left to do. */
export interface Found<Sums> {
  todo: readonly IndexRange[];
  running: readonly RunningJob[];
  ended: readonly EndedJob[];
  again: readonly Try[];
  /** The staged jobs of the plan, if it has some. */
  staged?: readonly IndexRange[];
  part: number;
  sums: Sums;
}

/** The state while the plan is being made: updates already change it. */
export function begin<Sums>(sums: Sums, pace: Pace, now: number): FleetState<Sums> {
  return {
    pace,
    planned: { jobs: 0, files: 0 },
    todo: [],
    again: [],
    unstaged: { todo: [], again: [] },
    staging: [],
    starting: [],
    lost: [],
    running: [],
    ended: [],
    tooLarge: [],
    part: 0,
    sums,
    rate: { perSecond: pace.startsPerSecond, at: now },
    nextStart: now,
    full: false,
    proven: false,
    streak: { reason: '', count: 0 },
  };
}

export function adopt<Sums>(
  state: FleetState<Sums>,
  { todo, again, staged = [], running, ended, part, sums }: Found<Sums>,
  planned: FleetState<Sums>['planned'],
): void {
  state.planned = planned;
  const { inside, outside } = divided(todo, staged);
  const isStaged = ({ index }: Try) => isWithin(index, staged);
  state.todo = outside;
  state.again = again.filter((one) => !isStaged(one));
  state.unstaged = { todo: inside, again: again.filter(isStaged) };
  state.running = [...running];
  state.ended = [...ended];
  state.part = part;
  state.sums = sums;
  dropIfCancelled(state);
}

export const isOver = (state: FleetState<unknown>): boolean =>
  waiting(state) + inService(state) + state.ended.length + state.tooLarge.length === 0;

/** How many jobs have not begun, or are to be tried again. */
export const pending = ({ todo, again }: Pending): number =>
  todo.reduce((sum, [from, to]) => sum + to - from, 0) + again.length;

/** How many jobs are to be started, also those whose files are not copied yet. */
export const waiting = (state: FleetState<unknown>): number =>
  pending(state) + pending(state.unstaged) + state.staging.length;

/** How many jobs are, or may be, in the service. */
export const inService = ({ running, starting, lost, again }: FleetState<unknown>): number =>
  running.length + starting.length + lost.length + again.filter(({ since }) => since !== undefined).length;

/** Whether to ask the service about jobs: some run or may run, or it had no room for another one. */
export const needsLook = (state: FleetState<unknown>): boolean =>
  state.full || state.running.length + state.lost.length > 0;

/** How many jobs may be started now. */
export function room(state: FleetState<unknown>): number {
  const { paused, full, proven, pace, again } = state;
  if (paused !== undefined || full) return 0;
  // A try that may be running already has its place.
  const unsure = again.filter(({ since }) => since !== undefined).length;
  const most = proven ? pace.concurrency : 1;
  return Math.min(Math.max(most - inService(state), 0) + unsure, pending(state));
}

/**
 * The rate at a time: after throttling it grows again, up to the configured one. How fast is measured in starts and not in
 * minutes, so that a fleet with a higher quota finds its rate as many starts later as any other.
 */
export function rateAt({ rate, pace }: FleetState<unknown>, now: number, rules: FleetRules): number {
  const startsSince = (pace.startsPerSecond * (now - rate.at)) / 1_000;
  const grown = rate.perSecond + pace.startsPerSecond * rules.climb * (startsSince / rules.climbEvery);
  return Math.min(pace.startsPerSecond, grown);
}

/**
 * Tries to send, the first at `firstAt` and each further one `every` milliseconds later. Tries that are late, for example because
 * the worker was busy, follow one another faster until they are in time again, but not by less than `least` milliseconds: AWS
 * takes only two starts at once.
 */
export interface Batch {
  readonly tries: readonly Try[];
  readonly firstAt: number;
  readonly every: number;
  readonly least: number;
  /** The rate for which it was scheduled, in starts per second. */
  readonly perSecond: number;
}

/**
 * Takes the next tries, in an absolute schedule: a batch begins when the one before it ends, even if that was a moment ago, so
 * that the rate is that of the settings and not a little less.
 *
 * A batch takes a quarter of the places in the service at the most: a try occupies its place from here on, and not only once it
 * is sent, so that long batches would keep places free.
 *
 * @param tokenLife - how long the services remember a token, in milliseconds
 */
export function takeBatch(
  state: FleetState<unknown>,
  now: number,
  tokenLife: number,
  rules: FleetRules,
): Batch {
  const perSecond = rateAt(state, now, rules);
  const every = 1_000 / perSecond;
  const within = Math.min((rules.batchFor * perSecond) / 1_000, state.pace.concurrency / 4);
  const most = Math.max(1, Math.min(rules.batch, Math.floor(within)));
  const firstAt = Math.round(Math.max(state.nextStart, now - rules.catchUp));
  const expired = state.again.filter(({ since }) => since !== undefined && now - since > tokenLife);
  state.lost.push(...expired);
  // Those that may be running have their places in the service already. Others, before them, would take further ones.
  const rest = state.again.filter((one) => !expired.includes(one));
  state.again = rest.toSorted((a, b) => Number(a.since === undefined) - Number(b.since === undefined));
  const tries = take(state, Math.min(most, room(state)));
  state.starting.push(...tries);
  state.nextStart = firstAt + tries.length * every;
  return { tries, firstAt, every: tenths(every), least: tenths(every * (1 - rules.hurry)), perSecond };
}

const tenths = (value: number) => Math.round(value * 10) / 10;

/** Takes so many jobs out of those that have not begun. */
export function take(jobs: Pending, count: number): Try[] {
  const tries = jobs.again.splice(0, count);
  while (tries.length < count) {
    const [range] = jobs.todo;
    if (!range) break;
    const [from, to] = range;
    const end = Math.min(to, from + count - tries.length);
    for (let index = from; index < end; index++) tries.push({ index, attempt: 1 });
    if (end === to) jobs.todo.shift();
    else jobs.todo[0] = [end, to];
  }
  return tries;
}

/** What the service has answered to the tries of a batch. A try that is in none of the lists was not sent. */
export interface Answers {
  readonly started: readonly (readonly [index: number, jobId: string])[];
  readonly unknown: readonly number[];
  readonly rejected: readonly (readonly [index: number, reason: string])[];
  readonly throttled: boolean;
  readonly full: boolean;
}

export function settleAnswers(
  state: FleetState<unknown>,
  batch: Batch,
  answers: Answers,
  now: number,
  rules: FleetRules,
): void {
  const started = new Map(answers.started);
  const rejected = new Map(answers.rejected);
  const unknown = new Set(answers.unknown);
  const unsent: Try[] = [];
  for (const one of batch.tries) {
    const { index, attempt, since = now } = one;
    const [jobId, reason] = [started.get(index), rejected.get(index)];
    if (jobId !== undefined) state.running.push({ index, attempt, jobId });
    else if (reason !== undefined && one.since !== undefined) {
      // An earlier request for this try may have been accepted. A look finds out.
      state.lost.push(one);
      countFailure(state, reason, state.proven ? rules.pauseAfter : 1);
    } else if (reason !== undefined)
      settleFailure(state, { index, attempt, jobId: '', status: 'REJECTED', reason }, rules);
    else if (unknown.has(index)) state.again.push({ index, attempt, since });
    else unsent.push(one);
  }
  state.starting = without(state.starting, batch.tries);
  state.again.unshift(...unsent);
  if (answers.full) state.full = true;
  if (answers.throttled) {
    // Half of the rate of this batch: another one, sent at the same rate, may be throttled too, and says nothing new.
    const half = Math.max(Math.min(rateAt(state, now, rules), batch.perSecond / 2), rules.slowest);
    state.rate = { perSecond: half, at: now };
    state.nextStart = Math.max(state.nextStart, now + 1_000 / state.rate.perSecond);
  }
  dropIfCancelled(state);
}

const without = (tries: readonly Try[], gone: readonly Try[]): Try[] =>
  tries.filter((one) => !gone.includes(one));

/**
 * Nobody has answered for the batch: the service may have started any of its tries.
 *
 * @param reason - what the activity has failed with, if it was not a dead worker
 */
export function settleSilence(
  state: FleetState<unknown>,
  batch: Batch,
  now: number,
  rules: FleetRules,
  reason?: string,
): void {
  if (reason !== undefined) countFailure(state, `no start was answered: ${reason}`, rules.pauseAfter);
  state.again.unshift(...batch.tries.map(({ since = now, ...one }) => ({ ...one, since })));
  state.starting = without(state.starting, batch.tries);
  dropIfCancelled(state);
}

/** What a look at the service has found. */
export interface Seen {
  readonly ended: readonly EndedJob[];
  /** Of the lost tries: those that are in the service, and those that certainly are not. */
  readonly found: readonly RunningJob[];
  readonly absent: readonly number[];
}

export function settleSeen(state: FleetState<unknown>, seen: Seen, rules: FleetRules): void {
  const gone = new Set(seen.ended.map(({ index }) => index));
  state.running = state.running.filter(({ index }) => !gone.has(index));
  for (const job of seen.ended) {
    if (job.status !== 'FAILED') {
      state.ended.push(job);
      state.proven = true;
      state.streak = { reason: '', count: 0 };
    } else settleFailure(state, job, rules);
  }
  const found = new Set([...seen.found.map(({ index }) => index), ...seen.absent]);
  const absent = new Set(seen.absent);
  state.running.push(...seen.found);
  // It was never started, so the same try is sent again.
  state.again.push(
    ...state.lost.filter(({ index }) => absent.has(index)).map(({ index, attempt }) => ({ index, attempt })),
  );
  state.lost = state.lost.filter(({ index }) => !found.has(index));
  state.full = false;
  dropIfCancelled(state);
}

/** The word for a job that has failed because it has too many files. */
export const TOO_LARGE = 'FILE_COUNTS_LIMIT';

/**
 * A job that has failed as a whole is tried again, until it is recorded as failed after the last try. The fleet pauses after
 * several failures for one reason, such as a wrong role, and after the first one if no job has ended well before.
 */
function settleFailure(state: FleetState<unknown>, job: EndedJob, rules: FleetRules): void {
  const { index, attempt, jobId, reason = job.status } = job;
  if (reason.startsWith(TOO_LARGE)) {
    state.tooLarge.push({ index, attempt, jobId });
    return;
  }
  if (isLastTry(attempt, rules)) state.ended.push(job);
  else state.again.push({ index, attempt: attempt + 1 });
  countFailure(state, reason, state.proven ? rules.pauseAfter : 1);
}

function countFailure(state: FleetState<unknown>, reason: string, most: number): void {
  const count = state.streak.reason === reason ? state.streak.count + 1 : 1;
  state.streak = { reason, count };
  if (state.paused !== undefined || state.left !== undefined || count < most) return;
  state.paused = state.proven
    ? `${count} failures one after the other: ${reason}`
    : `the first job has failed: ${reason}`;
}

/** Another run on the same plan begins with the next three tries, because a token that was used gives the failed job back. */
export const isLastTry = (attempt: number, { tries }: FleetRules): boolean => attempt % tries === 0;

/** The jobs of a part of the report have been recorded, except for some that are to be tried again. */
export function settleRecorded<Sums>(
  state: FleetState<Sums>,
  jobs: readonly EndedJob[],
  { again, sums }: { readonly again: readonly number[]; readonly sums: Sums },
): void {
  const recorded = new Set(jobs.map(({ index }) => index));
  const retried = new Set(again);
  state.ended = state.ended.filter(({ index }) => !recorded.has(index));
  state.again.push(
    ...jobs
      .filter(({ index }) => retried.has(index))
      .map(({ index, attempt }) => ({ index, attempt: attempt + 1 })),
  );
  state.sums = sums;
  state.part += 1;
  dropIfCancelled(state);
}

/** The jobs that replace one, and how many more jobs and files there are. */
export interface PlannedAgain {
  readonly from: number;
  readonly to: number;
  /** How many of them, the last ones, are staged, if some are. */
  readonly staged?: number;
  readonly jobs: number;
  readonly files: number;
}

/** A job that was too large has been planned again, as the jobs in a range; in an empty one if that is not possible. */
export function settlePlannedAgain(
  state: FleetState<unknown>,
  job: RunningJob,
  { from, to, staged = 0, jobs, files }: PlannedAgain,
): void {
  state.tooLarge = state.tooLarge.filter(({ index }) => index !== job.index);
  if (to > from) {
    const { inside, outside } = divided([[from, to]], [[to - staged, to]]);
    state.todo.unshift(...outside);
    state.unstaged.todo.unshift(...inside);
    state.part += 1;
    state.planned = { jobs: state.planned.jobs + jobs, files: state.planned.files + files };
  } else state.ended.push({ ...job, status: 'FAILED', reason: TOO_LARGE });
  dropIfCancelled(state);
}

export function pause(state: FleetState<unknown>, why: string): void {
  state.paused ??= why;
}

/** If the fleet has paused because of failures, the next job must end well before others are started. */
export function resume(state: FleetState<unknown>): void {
  delete state.paused;
  if (state.streak.count > 0) state.proven = false;
  state.streak = { reason: '', count: 0 };
}

/** Changes the pace. A rate that throttling has lowered stays low, up to the new one. */
export function setPace(state: FleetState<unknown>, change: Partial<Pace>, now: number): void {
  const before = state.pace;
  state.pace = { ...before, ...change };
  const { startsPerSecond } = state.pace;
  if (startsPerSecond === before.startsPerSecond) return;
  const wasFull = state.rate.perSecond >= before.startsPerSecond;
  const perSecond = wasFull ? startsPerSecond : Math.min(state.rate.perSecond, startsPerSecond);
  state.rate = { perSecond, at: now };
  state.nextStart = Math.min(state.nextStart, now + 1_000 / perSecond);
}

/** Starts no further job. Those that are in the service are seen through. */
export function cancelRemaining(state: FleetState<unknown>): void {
  state.left ??= 0;
  delete state.paused;
  dropIfCancelled(state);
}

function dropIfCancelled(state: FleetState<unknown>): void {
  if (state.left === undefined) return;
  const unsure = state.again.filter(({ since }) => since !== undefined);
  state.left += waiting(state) - unsure.length;
  state.todo = [];
  state.unstaged = { todo: [], again: [] };
  state.staging = [];
  // They may be running. A look finds out.
  state.lost.push(...unsure);
  state.again = [];
}
