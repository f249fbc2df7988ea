import { defineSearchAttributeKey, type SearchAttributeUpdatePair } from '@temporalio/common';
import { CancellationScope, upsertSearchAttributes } from '@temporalio/workflow';
import { OUR_SEARCH_ATTRIBUTES } from '../../lib/search-attributes.ts';
import { searchAttributes } from './activities.ts';
import { originOf } from './failures.ts';

/** The search attributes by which a run can be found, as far as its namespace has them. */
export class SearchTags {
  readonly #waiting: SearchAttributeUpdatePair[] = [];
  #published = Promise.resolve();

  /** Resolves once every value that has a search attribute in the namespace is set. */
  get published(): Promise<void> {
    return this.#published;
  }

  /** Has those of the values set that have a search attribute. */
  tag(values: Readonly<Record<string, string>>): void {
    for (const [of, name] of Object.entries(OUR_SEARCH_ATTRIBUTES)) {
      const value = values[of];
      if (value === undefined) continue;
      this.#waiting.push({ key: defineSearchAttributeKey(name, 'KEYWORD'), value });
    }
    if (this.#waiting.length > 0) this.#published = this.#published.then(() => this.#publish());
  }

  /** What the namespace has is asked each time, since it may have changed. */
  async #publish(): Promise<void> {
    if (this.#waiting.length === 0) return;
    // Not cancelled with the run, which ends as soon as this is done.
    const settable = await CancellationScope.nonCancellable(() =>
      searchAttributes.executeWithOptions({ summary: '+searchAttributes' }, []),
    ).catch((error: unknown): string[] => {
      // If the worker cannot find out, the run goes on without search attributes.
      if (originOf(error)) return [];
      throw error;
    });
    const attributes = this.#waiting.splice(0).filter(({ key }) => settable.includes(key.name));
    if (attributes.length > 0) upsertSearchAttributes(attributes);
  }
}
