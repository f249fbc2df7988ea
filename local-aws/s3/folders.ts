import { readdirSync, statSync } from 'node:fs';
import { sortKeys } from './key-order.ts';

/**
 * A folder whose entries changed that recently is read again: a file system notes the time of a change only every few
 * milliseconds, so another change in the same moment would not show.
 */
const RECENT_MS = 100;

/** How many names are kept of all folders together: some 50 MB. */
const MOST_NAMES = 500_000;

interface Kept {
  readonly changed: number;
  readonly names: readonly string[];
}

/**
 * The names in folders, in the order of keys. They are kept until the folder changes, because each page of a list would
 * otherwise read and sort a large folder again.
 */
export class Folders {
  /** The oldest first. */
  readonly #kept = new Map<string, Kept>();
  #count = 0;

  /** The names of files, and of folders with a slash at their end; none of a folder that is not there. */
  names(folder: string): readonly string[] {
    const changed = changeTime(folder);
    const kept = this.#kept.get(folder);
    if (kept && kept.changed === changed) return kept.names;
    const readAt = Date.now();
    const names = readNames(folder);
    this.#forget(folder);
    if (changed !== undefined && changed < readAt - RECENT_MS) this.#keep(folder, { changed, names });
    return names;
  }

  #keep(folder: string, kept: Kept): void {
    this.#kept.set(folder, kept);
    this.#count += kept.names.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#count <= MOST_NAMES) return;
      this.#forget(oldest);
    }
  }

  #forget(folder: string): void {
    this.#count -= this.#kept.get(folder)?.names.length ?? 0;
    this.#kept.delete(folder);
  }
}

function changeTime(folder: string): number | undefined {
  try {
    return statSync(folder).mtimeMs;
  } catch {
    return undefined;
  }
}

function readNames(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return sortKeys(entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)));
  } catch {
    return [];
  }
}
