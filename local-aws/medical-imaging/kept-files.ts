import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a file that is named by its content, unless it is there already: a SIGKILL in the middle of writing it again would
 * take it from an image set that has it.
 *
 * @param size - of the whole file in bytes
 */
export async function keepFile(
  file: string,
  size: number,
  content: readonly Uint8Array[] | Iterable<Uint8Array>,
): Promise<void> {
  const there = await stat(file).catch(() => undefined);
  if (there?.size === size) return;
  try {
    await writeFile(file, content);
  } catch {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
