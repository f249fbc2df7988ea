import { errorType } from './errors.ts';
import type { Store, Table } from './store.ts';

/** A call that the local AWS has seen. Holds ids and names, never what a call is about: that may be patient data. */
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

/** The durable log of calls: what a test asks to prove that AWS has seen one job, not two. */
export class Calls {
  readonly #table: Table<Call>;
  readonly #waiting = new Set<() => void>();
  #next: number;

  constructor(store: Store) {
    this.#table = store.table<Call>('call');
    this.#next = this.#table.values().length;
  }

  arrived(service: string, operation: string): number {
    const number = this.#next++;
    this.#put({ number, service, operation, time: Date.now(), ids: {}, outcome: 'pending' });
    return number;
  }

  /** Adds the ids that a decoded input or output shows. */
  identify(number: number, shape: object): void {
    this.#change(number, (call) => ({ ids: { ...call.ids, ...idsOf(shape) } }));
  }

  ended(number: number, outcome: string): void {
    this.#change(number, () => ({ outcome }));
  }

  failed(number: number, error: unknown): void {
    this.ended(number, errorType(error));
  }

  list(operation?: string): Call[] {
    const calls = this.#table.values().filter((call) => !operation || call.operation === operation);
    return calls.sort((a, b) => a.number - b.number);
  }

  /** Resolves when that many calls of the operation have come, or are held. */
  async seen(operation: string, count: number, outcome?: string): Promise<Call[]> {
    for (;;) {
      const calls = this.list(operation).filter((call) => !outcome || call.outcome === outcome);
      if (calls.length >= count) return calls;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #change(number: number, change: (call: Call) => Partial<Call>): void {
    const call = this.#table.get(keyOf(number));
    if (call) this.#put({ ...call, ...change(call) });
  }

  #put(call: Call): void {
    this.#table.put(keyOf(call.number), call);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const keyOf = (number: number) => String(number).padStart(12, '0');

/** Members that name a thing of the service; `DICOMPatientId` and its like name a person, and are none of them. */
const idMember =
  /^(datastore|job|imageSet|sourceImageSet|version|latestVersion)Id$|^clientToken$|^resourceArn$/i;

function idsOf(shape: object, path = ''): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const [name, value] of Object.entries(shape)) {
    if (typeof value === 'string' && idMember.test(name)) ids[path + name] = value;
    else if (isPlain(value)) Object.assign(ids, idsOf(value, `${path}${name}.`));
  }
  return ids;
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
