/** The laws of the state of a fleet, for arbitrary answers of the service. */
import fc from 'fast-check';
import { DEFAULT_RULES } from '../../src/pacing/rules.ts';
import {
  adopt,
  begin,
  cancelRemaining,
  inService,
  isOver,
  pause,
  rateAt,
  resume,
  room,
  setPace,
  settleAnswers,
  settlePlannedAgain,
  settleRecorded,
  settleSeen,
  settleSilence,
  takeBatch,
  waiting,
  type FleetState,
} from '../../src/workflows/fleet/state.ts';
import { canStage, settleStaged, settleUnstaged, takeUnstaged } from '../../src/workflows/fleet/staged.ts';

const rules = DEFAULT_RULES.fleet;
const TOKEN_LIFE = 60_000;

/** A state of this many jobs, of which those from `stagedFrom` on are staged. */
function fleetOf(jobs: number, concurrency = 5, startsPerSecond = 1, stagedFrom = jobs): FleetState<number> {
  const state = begin(0, { concurrency, startsPerSecond }, 0);
  const staged = [[stagedFrom, jobs]] as const;
  const found = { todo: [[0, jobs]] as const, running: [], ended: [], again: [], staged, part: 0, sums: 0 };
  adopt(state, found, { jobs, files: jobs });
  return state;
}

/** What a simulated service does with the next job: it starts it, refuses it, or answers nothing; and how the job ends. */
const fate = fc.constantFrom(
  'started',
  'started',
  'started',
  'unknown',
  'silent',
  'rejected',
  'throttled',
  'full',
);
const end = fc.constantFrom('COMPLETED', 'COMPLETED', 'COMPLETED', 'FAILED', 'going', 'service fault');

const indexes = (from: number, to: number) => Array.from({ length: to - from }, (_, number) => from + number);

/** Copies files of staged jobs: of all of them, of none, or not to the end. @param copied - the jobs that may be started */
function stageSome(state: FleetState<number>, fates: Iterator<string>, copied: Set<number>): void {
  while (canStage(state)) {
    const job = takeUnstaged(state);
    if (!job) return;
    const next = String(fates.next().value);
    if (next === 'unknown') return settleUnstaged(state, job);
    if (next === 'silent') return settleUnstaged(state, job, 'AccessDenied');
    if (next !== 'rejected') copied.add(job.index);
    settleStaged(state, job, { files: next === 'rejected' ? 0 : 1 });
  }
}

/** After a cancellation nothing is left to be started, not even what was on its way and has come back. */
function expectNoStartAfterCancel(state: FleetState<number>): void {
  if (state.left !== undefined) expect(waiting(state)).toBe(0);
}

/**
 * Works a fleet off against a service, and checks the laws after each step.
 *
 * @param steer - is called at each moment at which a run can receive an update
 * @returns the books of the service
 */
function simulate(
  state: FleetState<number>,
  fates: Iterator<string>,
  ends: Iterator<string>,
  steer: (state: FleetState<number>) => void = () => {},
) {
  const { concurrency } = state.pace;
  const inAws = new Map<string, 'open' | 'COMPLETED' | 'FAILED'>();
  const starts = new Map<string, number>();
  const imported: number[] = [];
  const failed: number[] = [];
  const unstaged = new Set(state.unstaged.todo.flatMap(([from, to]) => indexes(from, to)));
  const copied = new Set<number>();
  let now = 0;
  const most = { seen: 0 };
  for (let step = 0; !isOver(state) && step < 2_000; step++) {
    now += 10_000;
    steer(state);
    expectNoStartAfterCancel(state);
    if (state.paused !== undefined) resume(state);
    stageSome(state, fates, copied);
    // Two batches are under way at the same time, and either may be answered first.
    const batches = room(state) > 0 ? [takeBatch(state, now, TOKEN_LIFE, rules)] : [];
    if (room(state) > 0) batches.push(takeBatch(state, now, TOKEN_LIFE, rules));
    expect(inService(state)).toBeLessThanOrEqual(concurrency);
    steer(state);
    for (const batch of step % 2 === 0 ? batches : batches.toReversed()) {
      const answers = {
        started: [] as [number, string][],
        unknown: [] as number[],
        rejected: [] as [number, string][],
      };
      let [throttled, full, silent] = [false, false, false];
      for (const { index, attempt } of batch.tries) {
        if (throttled || full) break;
        const jobId = `${index}-${attempt}`;
        const next = String(fates.next().value);
        silent ||= next === 'silent';
        if (next === 'throttled') throttled = true;
        else if (next === 'full') full = true;
        else if (next === 'rejected') answers.rejected.push([index, 'AccessDeniedException']);
        else {
          // A token starts a job once, however often it is sent.
          if (!inAws.has(jobId)) starts.set(jobId, (starts.get(jobId) ?? 0) + 1);
          expect(unstaged.has(index) && !copied.has(index)).toBe(false);
          const earlier = Array.from({ length: attempt - 1 }, (_, before) => `${index}-${before + 1}`);
          // A job is tried again only when the try before has certainly ended.
          expect(earlier.filter((id) => inAws.get(id) === 'open')).toEqual([]);
          if (!inAws.has(jobId)) inAws.set(jobId, 'open');
          if (next === 'unknown') answers.unknown.push(index);
          else answers.started.push([index, jobId]);
        }
      }
      if (silent) settleSilence(state, batch, now, rules);
      else settleAnswers(state, batch, { ...answers, throttled, full }, now, rules);
      expectNoStartAfterCancel(state);
    }
    steer(state);
    const ended = state.running.flatMap((job) => {
      const status = String(ends.next().value);
      if (status === 'going') return [];
      inAws.set(job.jobId, status === 'FAILED' ? 'FAILED' : 'COMPLETED');
      return [{ ...job, status: status === 'FAILED' ? 'FAILED' : 'COMPLETED', reason: 'WHY' }];
    });
    const found = state.lost.filter(({ index, attempt }) => inAws.has(`${index}-${attempt}`));
    const absent = state.lost.filter((one) => !found.includes(one)).map(({ index }) => index);
    const foundJobs = found.map(({ index, attempt }) => ({ index, attempt, jobId: `${index}-${attempt}` }));
    settleSeen(state, { ended, found: foundJobs, absent }, rules);
    steer(state);
    const jobs = [...state.ended];
    const again = jobs
      .filter(({ status, attempt }) => status === 'COMPLETED' && attempt % rules.tries !== 0)
      .filter(() => ends.next().value === 'service fault')
      .map(({ index }) => index);
    for (const { index, status } of jobs) {
      if (again.includes(index)) continue;
      (status === 'COMPLETED' ? imported : failed).push(index);
    }
    if (jobs.length > 0)
      settleRecorded(state, jobs, { again, sums: state.sums + jobs.length - again.length });
    most.seen = Math.max(most.seen, JSON.stringify(state).length);
  }
  return { starts, imported, failed, most: most.seen };
}

const streams = fc.record({
  jobs: fc.integer({ min: 0, max: 60 }),
  stagedFrom: fc.integer({ min: 0, max: 60 }),
  fates: fc.infiniteStream(fate),
  ends: fc.infiniteStream(end),
});

test('each job ends exactly once, whatever the service answers, and no try is started twice', () => {
  fc.assert(
    fc.property(streams, ({ jobs, stagedFrom, fates, ends }) => {
      const state = fleetOf(jobs, 5, 1, stagedFrom);
      const { starts, imported, failed } = simulate(state, fates, ends);
      expect(isOver(state)).toBe(true);
      const all = [...imported, ...failed].toSorted((a, b) => a - b);
      expect(all).toEqual(Array.from({ length: jobs }, (_, index) => index));
      expect([...starts.values()].every((count) => count === 1)).toBe(true);
      expect(state.sums).toBe(jobs);
    }),
    { numRuns: 60 },
  );
});

test('the state is small, however many jobs there are', () => {
  const state = fleetOf(5_000, 90, 50);
  const starts = (function* () {
    for (;;) yield 'started';
  })();
  const ends = (function* () {
    for (;;) yield 'COMPLETED';
  })();
  expect(simulate(state, starts, ends).most).toBeLessThan(20_000);
});

test('the first job goes alone, and if it fails nothing else is started', () => {
  const state = fleetOf(10);
  const batch = takeBatch(state, 0, TOKEN_LIFE, rules);
  expect(batch.tries).toHaveLength(1);
  settleAnswers(state, batch, answered(batch.tries), 0, rules);
  expect(room(state)).toBe(0);
  const ended = [{ index: 0, attempt: 1, jobId: 'j0', status: 'FAILED', reason: 'AccessDenied' }];
  settleSeen(state, { ended, found: [], absent: [] }, rules);
  expect(state.paused).toBe('the first job has failed: AccessDenied');
  expect(room(state)).toBe(0);
});

const answered = (tries: readonly { index: number }[]) => ({
  started: tries.map(({ index }) => [index, `j${index}`] as const),
  unknown: [],
  rejected: [],
  throttled: false,
  full: false,
});

/** A fleet whose first job has ended well. */
function provenFleet(jobs: number, concurrency = 100, startsPerSecond = 1): FleetState<number> {
  const state = fleetOf(jobs, concurrency, startsPerSecond);
  state.proven = true;
  return state;
}

test('five failures in a row for the same reason pause the fleet; others in between do not', () => {
  const state = provenFleet(10);
  const fail = (index: number, reason: string) =>
    settleSeen(
      state,
      { ended: [{ index, attempt: 1, jobId: 'j', status: 'FAILED', reason }], found: [], absent: [] },
      rules,
    );
  for (const reason of ['A', 'A', 'A', 'A', 'B', 'A', 'A', 'A', 'A']) fail(0, reason);
  expect(state.paused).toBeUndefined();
  fail(0, 'A');
  expect(state.paused).toBe('5 failures one after the other: A');
  resume(state);
  expect(state.paused).toBeUndefined();
  expect(state.proven).toBe(false);
});

test('starts keep an absolute schedule, in which one batch follows the other', () => {
  const state = provenFleet(1_000);
  const first = takeBatch(state, 0, TOKEN_LIFE, rules);
  expect(first).toMatchObject({ firstAt: 0, every: 1_000, least: 900 });
  expect(first.tries).toHaveLength(15);
  const ahead = takeBatch(state, 10, TOKEN_LIFE, rules);
  expect(ahead).toMatchObject({ firstAt: 15_000, every: 1_000 });
  settleAnswers(state, first, answered(first.tries), 15_000, rules);
  settleAnswers(state, ahead, answered(ahead.tries), 30_000, rules);
  expect(inService(state)).toBe(30);
  expect(takeBatch(state, 30_600, TOKEN_LIFE, rules)).toMatchObject({ firstAt: 30_000 });
});

test('a batch leaves places in the service for others', () => {
  const state = provenFleet(1_000, 8, 10);
  expect(takeBatch(state, 0, TOKEN_LIFE, rules).tries).toHaveLength(2);
});

test('starts that are long overdue are not made up for', () => {
  const state = provenFleet(1_000);
  expect(takeBatch(state, 3_600_000, TOKEN_LIFE, rules)).toMatchObject({ firstAt: 3_600_000 - 1_000 });
  expect(state.nextStart).toBe(3_600_000 - 1_000 + 15_000);
});

const NO_ANSWERS = { started: [], unknown: [], rejected: [], throttled: false, full: false };

test('throttling halves the rate, which climbs by a tenth a minute up to the configured one', () => {
  const state = provenFleet(100, 100, 0.8);
  const [batch, ahead] = [takeBatch(state, 0, TOKEN_LIFE, rules), takeBatch(state, 0, TOKEN_LIFE, rules)];
  settleAnswers(state, batch, { ...NO_ANSWERS, throttled: true }, 0, rules);
  expect(rateAt(state, 0, rules)).toBe(0.4);
  // The other batch was sent at the same rate, so that its throttling says nothing about the new one.
  settleAnswers(state, ahead, { ...NO_ANSWERS, throttled: true }, 0, rules);
  expect(rateAt(state, 0, rules)).toBe(0.4);
  expect(rateAt(state, 60_000, rules)).toBeCloseTo(0.48);
  expect(rateAt(state, 600_000, rules)).toBe(0.8);
  expect(waiting(state)).toBe(100);
});

test('after a refusal because the service is full nothing is started before the next look', () => {
  const state = provenFleet(100);
  const batch = takeBatch(state, 0, TOKEN_LIFE, rules);
  settleAnswers(state, batch, { ...NO_ANSWERS, full: true }, 0, rules);
  expect(room(state)).toBe(0);
  settleSeen(state, { ended: [], found: [], absent: [] }, rules);
  expect(room(state)).toBeGreaterThan(0);
});

test('a start without an answer is sent again with its token, and looked for once the token may be forgotten', () => {
  const state = provenFleet(1);
  settleSilence(state, takeBatch(state, 0, TOKEN_LIFE, rules), 0, rules);
  const again = takeBatch(state, 1_000, TOKEN_LIFE, rules);
  expect(again.tries).toEqual([{ index: 0, attempt: 1, since: 0 }]);
  settleSilence(state, again, 1_000, rules);
  expect(takeBatch(state, TOKEN_LIFE + 1, TOKEN_LIFE, rules).tries).toEqual([]);
  expect(state.lost).toHaveLength(1);
  settleSeen(state, { ended: [], found: [], absent: [0] }, rules);
  expect(takeBatch(state, TOKEN_LIFE + 2, TOKEN_LIFE, rules).tries).toEqual([{ index: 0, attempt: 1 }]);
});

test('before one job has ended well, files are copied for one only, and then for no more than may be in the service', () => {
  const state = fleetOf(9, 4, 1, 1);
  expect(canStage(state)).toBe(false);
  const batch = takeBatch(state, 0, TOKEN_LIFE, rules);
  settleAnswers(state, batch, answered(batch.tries), 0, rules);
  expect(canStage(state)).toBe(false);
  state.proven = true;
  const taken: number[] = [];
  while (canStage(state)) taken.push(takeUnstaged(state)?.index ?? -1);
  expect(taken).toEqual([1, 2, 3, 4]);
  const alone = fleetOf(9, 4, 1, 0);
  expect([takeUnstaged(alone)?.index, takeUnstaged(alone)?.index]).toEqual([0, undefined]);
});

test('copying that fails pauses the fleet, and goes on after resume', () => {
  const state = fleetOf(2, 5, 1, 0);
  const job = takeUnstaged(state)!;
  settleUnstaged(state, job, 'AccessDenied');
  expect(state.paused).toBe('files cannot be copied to stagingS3Uri: AccessDenied');
  expect(canStage(state)).toBe(false);
  resume(state);
  expect(takeUnstaged(state)).toEqual(job);
});

test('a job whose files were all deleted or archived meanwhile is not started, but recorded as failed', () => {
  const state = fleetOf(1, 5, 1, 0);
  settleStaged(state, takeUnstaged(state)!, { files: 0 });
  expect(state.ended).toEqual([
    { index: 0, attempt: 1, jobId: '', status: 'REJECTED', reason: 'NothingCopied' },
  ]);
  expect(room(state)).toBe(0);
});

test('a job that is planned again is replaced by the jobs of a range, and fails if there are none', () => {
  const state = provenFleet(1);
  const batch = takeBatch(state, 0, TOKEN_LIFE, rules);
  settleAnswers(state, batch, answered(batch.tries), 0, rules);
  const ended = [
    { index: 0, attempt: 1, jobId: 'j0', status: 'FAILED', reason: 'FILE_COUNTS_LIMIT_EXCEEDED' },
  ];
  settleSeen(state, { ended, found: [], absent: [] }, rules);
  const [job] = state.tooLarge;
  const other = structuredClone(state);
  settlePlannedAgain(state, job!, { from: 1, to: 4, staged: 1, jobs: 2, files: 10 });
  expect([waiting(state), state.planned]).toEqual([3, { jobs: 3, files: 11 }]);
  expect([state.todo, state.unstaged.todo]).toEqual([[[1, 3]], [[3, 4]]]);
  settlePlannedAgain(other, job!, { from: 0, to: 0, staged: 0, jobs: 0, files: 0 });
  expect(other.ended).toMatchObject([{ index: 0, status: 'FAILED' }]);
});

test('pause, resume and cancel may come at any moment and as often as they like', () => {
  const changes = fc.infiniteStream(
    fc.oneof(
      { weight: 20, arbitrary: fc.constant(nothing) },
      fc.constantFrom(pauseIt, resume, cancelRemaining, slower),
    ),
  );
  fc.assert(
    fc.property(streams, changes, (run, steering) => {
      const state = fleetOf(run.jobs, 5, 1, run.stagedFrom);
      simulate(state, run.fates, run.ends, () => {
        const change: typeof nothing = steering.next().value;
        if (change === nothing) return;
        change(state);
        const once = structuredClone(state);
        change(state);
        expect(state).toEqual(once);
      });
      expect(isOver(state)).toBe(true);
      expect((state.left ?? 0) + state.sums).toBe(run.jobs);
    }),
    { numRuns: 60 },
  );
});

const nothing: (state: FleetState<number>) => void = () => {};
const pauseIt = (state: FleetState<number>) => pause(state, 'why');
const slower = (state: FleetState<number>) => setPace(state, { concurrency: 2, startsPerSecond: 0.5 }, 0);
