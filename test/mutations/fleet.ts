/** The intended behaviours of the fleets. */
import type { Behaviour } from './behaviour.ts';

export const FLEET: readonly Behaviour[] = [
  {
    what: 'a folder that is too large becomes a job for each of its sub-folders',
    file: 'src/activities/fleet/cut.ts',
    code: 'this.#jobs.push(...folder.whole.splice(0));',
    without: 'folder.whole.splice(0);',
    tests: ['test/fleet/cut.test'],
    named: 'each file is in exactly one job',
  },
  {
    what: 'folders that lie within one another are refused',
    file: 'src/activities/fleet/roots.ts',
    code: 'else if (last !== undefined && root.startsWith(last)) problems.push',
    without: 'else if (last === "" && root.startsWith(last)) problems.push',
    tests: ['test/fleet/plan.test'],
    named: 'within another',
  },
  {
    what: 'after a kill a shard is read on from where its file says',
    file: 'src/activities/fleet/plan.ts',
    code: 'if (this.#pages - this.#writtenAt >= Math.max(PAGES_BETWEEN_WRITES, this.#pages / 10)) {',
    without: 'if (this.#pages < 0) {',
    tests: ['test/fleet/plan.test'],
    named: 'after a kill',
  },
  {
    what: 'a folder ends with a slash, because S3 takes a prefix',
    file: 'src/activities/fleet/roots.ts',
    code: ".map((uri) => uri.replace(/\\/*$/, '/'))",
    without: '.map((uri) => uri)',
    tests: ['test/fleet/plan.test'],
    named: 'whose name begins with it',
  },
];
