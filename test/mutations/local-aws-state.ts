/** What the local AWS does on purpose so that its state is durable, quick to read and small in memory. */
import type { Behaviour } from './behaviour.ts';

const imaging = 'local-aws/medical-imaging';
const state = ['test/local-aws/state'];
const search = ['test/local-aws/search.test'];
const sigkill = ['test/local-aws/sigkill'];

export const LOCAL_AWS_STATE: readonly Behaviour[] = [
  {
    what: 'a read waits for a change of another call that is not on disk yet',
    file: 'local-aws/store.ts',
    code: 'if (this.#uncommitted > 0) return this.#writing;',
    without: '',
    tests: state,
    named: 'only reads',
  },
  {
    what: 'a change is written before the call that made it is answered',
    file: 'local-aws/store.ts',
    code: 'if (this.#changes.size > 0) return this.#write({ isSynced: true });',
    without: '',
    tests: state,
    named: 'after a crash',
  },
  {
    what: 'a call that only reads does not wait for the log of calls',
    file: 'local-aws/store.ts',
    code: '    if (this.#changes.size > 0) return',
    without: '    if (this.#changes.size + this.#logged.size > 0) return',
    tests: state,
    named: 'only reads',
  },
  {
    what: 'a document can be read while it is being written',
    file: 'local-aws/store.ts',
    code: 'for (const changes of [this.#changes, this.#inBatch])',
    without: 'for (const changes of [this.#changes])',
    tests: state,
    named: 'after a crash',
  },
  {
    what: 'a document that has changed is not read from memory',
    file: 'local-aws/store.ts',
    code: 'this.#cache.delete(keyOf(id));',
    without: '',
    tests: state,
    named: 'after a crash',
  },
  {
    what: 'an index forgets what a row was before',
    file: 'local-aws/table.ts',
    code: 'for (const index of this.#indices.values()) index.remove(row);',
    without: '',
    tests: state,
    named: 'after a crash',
  },
  {
    what: 'a list of calls is on disk before it is given',
    file: 'local-aws/calls.ts',
    code: '    const calls = this.#logged(operation);\n    await this.#world.store.flush();',
    without: '    const calls = this.#logged(operation);',
    tests: sigkill,
    named: 'goes on after SIGKILL where it was',
  },
  {
    what: 'the log of calls drops its oldest',
    file: 'local-aws/calls.ts',
    code: 'this.#table.delete(keyOf(this.#oldest));',
    without: '',
    tests: state,
    named: 'newest calls',
  },
  {
    what: 'a folder of another format is not read',
    file: 'local-aws/disk.ts',
    code: 'if (isEmpty) return',
    without: 'if (isEmpty || format === undefined) return',
    tests: state,
    named: 'another format',
  },
  {
    what: 'a page is found without sorting the list, and lacks nothing',
    file: 'local-aws/paging.ts',
    code: 'if (found.length === count) last = found.at(-1)?.place;',
    without: 'last = found[0]?.place;',
    tests: state,
    named: 'page by page',
  },
  {
    what: 'image sets are found by each version that they may show',
    file: `${imaging}/image-set.ts`,
    code: 'new Set(contents.map(',
    without: 'new Set(contents.slice(0, 1).map(',
    tests: search,
    named: 'look at the metadata',
  },
  {
    what: 'an image set found by an index is still held against the filters',
    file: `${imaging}/search.ts`,
    code: 'if (tests.every(({ name, holds }) => holds(valueOf(found, name)))) yield found;',
    without:
      'if (tests.every(({ name, holds }) => isIndexed(name) || holds(valueOf(found, name)))) yield found;',
    tests: search,
    named: 'look at the metadata',
  },
  {
    what: 'a search finds image sets of its own data store only',
    file: `${imaging}/image-set.ts`,
    code: '.filter((set) => set.datastoreId === datastoreId)',
    without: '',
    tests: search,
    named: 'look at the metadata',
  },
];
