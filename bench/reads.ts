/**
 * The cost of waiting for a job: how often a wait reads the job's status, compared with polling every 30 seconds, and how long
 * after the end of the job it reads that the job has ended.
 *
 * The reads are counted, not timed. The pacing is a pure function, so the numbers are the same on every machine.
 */
import { nextSleep, type Pacing } from '../src/pacing/pacing.ts';
import { pacingOf } from '../src/pacing/polling.ts';

const FIXED: Pacing = { minimumInterval: 30_000, maximumInterval: 30_000, share: 0, timeout: Infinity };
const HOUR = 3_600_000;

/** The number of reads of a wait for an operation of `duration` milliseconds, and the time from its end to the last read. */
function cost(duration: number, pacing: Pacing): { reads: number; lateBy: number } {
  let reads = 1;
  let waited = 0;
  for (; waited < duration; reads++) waited += nextSleep(waited, pacing);
  return { reads, lateBy: waited - duration };
}

console.log('an import of   reads   every 30 s   ratio   seen late by   with events');
for (const hours of [0.1, 1, 2, 8, 24]) {
  const [ours, fixed] = [cost(hours * HOUR, pacingOf('dicomJob')), cost(hours * HOUR, FIXED)];
  const withEvents = cost(hours * HOUR, pacingOf('dicomJob', {}, { hadEvent: true }));
  const columns: [value: string, width: number][] = [
    [`${hours} h`, 12],
    [String(ours.reads), 8],
    [String(fixed.reads), 13],
    [(fixed.reads / ours.reads).toFixed(1), 8],
    [`${Math.round(ours.lateBy / 1000)} s`, 15],
    [String(withEvents.reads), 14],
  ];
  console.log(columns.map(([value, width]) => value.padStart(width)).join(''));
}
