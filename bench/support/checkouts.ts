/** Runs the same work alternately with this checkout and with an earlier one, and prints the ratio of the times. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { startLocalAws } from '../../local-aws/server.ts';

const ROUNDS = 5;

export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** The local AWS of a built checkout. */
export async function localAwsOf(checkout: string): Promise<typeof startLocalAws> {
  const module: unknown = await import(
    pathToFileURL(path.resolve(checkout, 'dist/local-aws/server.js')).href
  );
  return (module as { startLocalAws: typeof startLocalAws }).startLocalAws;
}

/** The elapsed time and the processor time of work. Other programs on the machine affect the processor time less. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - began, cpuMs: (user + system) / 1000 };
}

/**
 * Prints the times of the work in an earlier checkout and in this one. Each is the fastest of five, because other programs on
 * the machine only slow the work down.
 *
 * @param what - names the work, for the head of the table
 * @param before - the folder of the earlier checkout, which has been built
 * @param script - is run with `--import CHECKOUT` and prints a {@link Cost} as JSON. Each run is a process of its own, so that
 *   each measurement includes compiling, which a process does only once
 */
export function compare(what: string, before: string, script: string): void {
  const checkouts = { before, now: '.' };
  const costs: Record<keyof typeof checkouts, Cost[]> = { before: [], now: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const which of ['before', 'now'] as const) {
      const printed = execFileSync(process.execPath, [script, '--import', checkouts[which]], {
        encoding: 'utf8',
      });
      costs[which].push(JSON.parse(printed) as Cost);
    }
  }
  console.log(`${what.padEnd(20)}   before      now    ratio`);
  for (const [name, of] of [
    ['until it ended', 'wallMs'],
    ['processor time', 'cpuMs'],
  ] as const) {
    const [was = 0, is = 0] = [costs.before, costs.now].map((runs) =>
      Math.min(...runs.map((run) => run[of])),
    );
    const columns = [`${Math.round(was)} ms`, `${Math.round(is)} ms`, (is / was).toFixed(2)];
    console.log(`${name.padEnd(20)}${columns.map((column) => column.padStart(9)).join('')}`);
  }
}
