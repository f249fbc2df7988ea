import { UserError } from '../src/lib/user-error.ts';
import { errorType } from './errors.ts';
import type { Table } from './table.ts';
import type { World } from './world.ts';

/**
 * A call that the local AWS has received. Holds only ids and names, and no other values of its input and output: those may be
 * patient data.
 */
export interface Call {
  readonly number: number;
  readonly service: string;
  readonly operation: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Ids, ARNs and client tokens, from the input and the output, by member name. */
  readonly ids: Readonly<Record<string, string>>;
  /** `pending`, `held`, `ok`, `dropped`, `cut`, `garbled`, or the name of the error. */
  readonly outcome: string;
}

/**
 * The log of calls. A test uses it to prove, for example, that AWS has received one request for a job and not two. It keeps the
 * newest calls, as many as the setting `maxLoggedCalls` says. A call that only reads is answered before its row is on disk. A
 * SIGKILL can therefore lose the rows of the last milliseconds, but no row that {@link list} has returned.
 */
export class Calls {
  readonly #world: Pick<World, 'store' | 'settings'>;
  readonly #table: Table<Call>;
  readonly #waiting = new Set<() => void>();
  #oldest: number;
  #next: number;
  #closed = false;

  constructor(world: Pick<World, 'store' | 'settings'>) {
    this.#world = world;
    this.#table = world.store.log<Call>('call');
    const numbers = this.#table.values().map(({ number }) => number);
    this.#oldest = numbers[0] ?? 0;
    this.#next = (numbers.at(-1) ?? -1) + 1;
  }

  arrived(service: string, operation: string): number {
    const number = this.#next++;
    this.#put({ number, service, operation, time: Date.now(), ids: {}, outcome: 'pending' });
    for (; this.#next - this.#oldest > this.#world.settings.maxLoggedCalls; this.#oldest++) {
      this.#table.delete(keyOf(this.#oldest));
    }
    return number;
  }

  /** Adds the ids that a decoded input or output contains. */
  identify(number: number, shape: object): void {
    const ids = idsOf(shape);
    if (Object.keys(ids).length > 0) this.#change(number, (call) => ({ ids: { ...call.ids, ...ids } }));
  }

  ended(number: number, outcome: string): void {
    this.#change(number, () => ({ outcome }));
  }

  failed(number: number, error: unknown): void {
    this.ended(number, errorType(error));
  }

  /** The calls of the log, oldest first. */
  async list(operation?: string): Promise<Call[]> {
    const calls = this.#logged(operation);
    await this.#world.store.flush();
    return calls;
  }

  /** Rejects the pending calls of {@link seen}, because after a reset or at the end no further call will be logged. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Resolves when the log has at least `count` calls of the operation or, if an outcome is given, as many with this outcome. */
  async seen(operation: string, count: number, outcome?: string): Promise<Call[]> {
    for (;;) {
      const calls = this.#logged(operation).filter((call) => !outcome || call.outcome === outcome);
      if (calls.length >= count) {
        await this.#world.store.flush();
        return calls;
      }
      if (this.#closed) throw new UserError('The local AWS was reset or closed in the meantime.');
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #logged(operation?: string): Call[] {
    return this.#table.values().filter((call) => !operation || call.operation === operation);
  }

  #change(number: number, change: (call: Call) => Partial<Call>): void {
    const call = this.#table.get(keyOf(number));
    if (call) this.#put({ ...call, ...change(call) });
  }

  #put(call: Call): void {
    this.#table.put(keyOf(call.number), call);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const keyOf = (number: number) => String(number).padStart(12, '0');

/**
 * Members that identify a resource of the service. `DICOMPatientId` and similar members identify a person, and must not be
 * logged.
 */
const idMember =
  /^(datastore|job|imageSet|sourceImageSet|version|latestVersion)Id$|^clientToken$|^resourceArn$/i;

/**
 * Deeper than the input and output of any operation. The limit keeps an input that breaks the schema, and may be nested to any
 * depth, from overflowing the stack.
 */
const DEEPEST = 10;

function idsOf(shape: object, path = '', depth = 0): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [name, value] of Object.entries(shape)) {
    if (typeof value === 'string' && idMember.test(name)) ids[path + name] = value;
    else if (isPlain(value) && depth < DEEPEST) {
      Object.assign(ids, idsOf(value, `${path}${name}.`, depth + 1));
    }
  }
  return ids;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
