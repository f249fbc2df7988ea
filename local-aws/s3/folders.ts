import { readdirSync, statSync } from 'node:fs';
import { sortKeys } from './key-order.ts';

/**
 * The names in a folder that changed less than this time ago are not kept. File systems record times in steps of some
 * milliseconds, so that a second change in the same step would leave the folder's modification time as it is, and would go
 * unnoticed.
 */
const RECENT_MS = 100;

/** How many names are kept, of all folders together. They take some 50 MB of memory. */
const MOST_NAMES = 500_000;

interface Kept {
  readonly changed: number;
  readonly names: readonly string[];
}

/**
 * Reads the names in folders, and sorts them in the order of keys. The names are kept in memory until the modification time of
 * the folder changes, because each page of a list would otherwise read and sort a large folder again.
 */
export class Folders {
  /** By folder, the oldest first. The oldest are dropped when there are more than {@link MOST_NAMES} names. */
  readonly #kept = new Map<string, Kept>();
  #count = 0;

  /** The names of the files in a folder, and of its folders with a slash at the end. Empty if the folder does not exist. */
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
