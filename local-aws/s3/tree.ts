import path from 'node:path';
import type { Folders } from './folders.ts';
import { compareKeys, lowerBound } from './key-order.ts';

/** Selects the keys of a list: those that start with `prefix` and come after the key `after`. */
export interface Selection {
  readonly prefix: string;
  readonly after: string;
}

/**
 * The selected keys of the files in a bucket's folder, in the order of keys. A folder is read only when the list gets to it, and
 * not if it cannot contain a selected key, so that a page does not read the whole bucket.
 */
export function treeKeys(root: string, folders: Folders, selection: Selection): Generator<string> {
  const { prefix } = selection;
  return keysBelow(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), folders, selection);
}

function* keysBelow(root: string, folder: string, folders: Folders, selection: Selection): Generator<string> {
  const { prefix, after } = selection;
  const names = folders.names(path.join(root, folder));
  for (let i = startIn(names, folder, selection); i < names.length; i++) {
    const key = folder + names[i];
    const isFolder = key.endsWith('/');
    if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) {
      if (compareKeys(key, prefix) > 0) return;
    } else if (isFolder) yield* keysBelow(root, key, folders, selection);
    else if (compareKeys(key, after) > 0) yield key;
  }
}

/** The index of the first name in a folder that may be, or contain, a selected key. */
function startIn(names: readonly string[], folder: string, { prefix, after }: Selection): number {
  const first = compareKeys(after, prefix) > 0 ? after : prefix;
  if (!first.startsWith(folder)) return compareKeys(first, folder) > 0 ? names.length : 0;
  const rest = first.slice(folder.length);
  const index = lowerBound(names, rest);
  // A list after `a/b` has to start in the folder `a/`, although `a/` comes before `a/b`.
  const before = names[index - 1];
  return before?.endsWith('/') && rest.startsWith(before) ? index - 1 : index;
}
