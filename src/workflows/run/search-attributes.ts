import { defineSearchAttributeKey, type SearchAttributeUpdatePair } from '@temporalio/common';
import { CancellationScope, upsertSearchAttributes } from '@temporalio/workflow';
import { OUR_SEARCH_ATTRIBUTES } from '../../lib/search-attributes.ts';
import { searchAttributes } from './activities.ts';
import { originOf } from './failures.ts';

/** Sets those search attributes of a run that its namespace has. */
export class SearchTags {
  readonly #waiting: SearchAttributeUpdatePair[] = [];
  /** Resolves once all values so far are set. */
  published = Promise.resolve();

  /** Sets the values that have a search attribute, in the background. */
  tag(values: Readonly<Record<string, string>>): void {
    for (const [of, name] of Object.entries(OUR_SEARCH_ATTRIBUTES)) {
      const value = values[of];
      if (value === undefined) continue;
      this.#waiting.push({ key: defineSearchAttributeKey(name, 'KEYWORD'), value });
    }
    if (this.#waiting.length > 0) this.published = this.published.then(() => this.#publish());
  }

  /** Asks each time which search attributes the namespace has, because setting a removed one fails the workflow task. */
  async #publish(): Promise<void> {
    if (this.#waiting.length === 0) return;
    // Not cancelled with the run, so that a cancelled run can be found, too.
    const settable = await CancellationScope.nonCancellable(() =>
      searchAttributes.executeWithOptions({ summary: '+searchAttributes' }, []),
    ).catch((error: unknown): string[] => {
      // If the worker cannot find out, the run continues without search attributes.
      if (originOf(error)) return [];
      throw error;
    });
    const attributes = this.#waiting.splice(0).filter(({ key }) => settable.includes(key.name));
    if (attributes.length > 0) upsertSearchAttributes(attributes);
  }
}
