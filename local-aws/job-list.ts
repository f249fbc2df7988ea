import { insertInto, newestJob, pageOfSorted, placeOf, type Place } from './paging.ts';
import type { Table } from './table.ts';

/** What a list of jobs needs to know of a job. */
interface ListedJob {
  readonly jobId: string;
  readonly datastoreId: string;
  readonly submittedAt: number;
}

/**
 * The jobs of each data store in the order in which they were submitted. A page of a list therefore looks only at the jobs on it, and
 * not at all of the data store. (A list by status also looks at the jobs between them.)
 */
export class JobList<J extends ListedJob> {
  readonly #table: Table<J>;
  readonly #places = new Map<string, Place[]>();

  constructor(table: Table<J>) {
    this.#table = table;
    // Sorted first, because the jobs of a restarted process are in no order, and it takes long to insert each where it belongs.
    for (const job of table.values().sort((a, b) => a.submittedAt - b.submittedAt)) this.#add(job);
    table.watch((_id, job, before) => {
      if (!before) this.#add(job);
    });
  }

  /** A page of the jobs of a data store, newest first. */
  page(
    datastoreId: string,
    isWanted: (job: J) => boolean,
    paging: { size?: number | undefined; token?: string | undefined },
  ): { items: J[]; nextToken?: string } {
    const places = this.#places.get(datastoreId) ?? [];
    return pageOfSorted(places, (id) => this.#table.get(id), isWanted, paging);
  }

  #add(job: J): void {
    let places = this.#places.get(job.datastoreId);
    if (!places) this.#places.set(job.datastoreId, (places = []));
    insertInto(places, placeOf(job, newestJob));
  }
}
