import { constants, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Disk } from '../disk.ts';
import { errorCode } from '../errors.ts';
import { isOf, locationOf, type ObjectRow } from './object-rows.ts';
import { Places, type S3Location } from './places.ts';

/** The folders of S3 in a data folder. `s3-drafts` is left out: it has only unfinished writes, which a copy does not need. */
const FOLDERS = ['s3', 's3-odd', 's3-uploads'];

/** The tables of objects, each with a function that gives the file which a row describes. */
const OBJECT_TABLES: Readonly<Record<string, (places: Places, location: S3Location) => string | undefined>> =
  {
    object: (places, location) => places.file(location),
    oddObject: (places, location) => places.oddFile(location),
  };

const TABLES = [...Object.keys(OBJECT_TABLES), 'upload', 'uploadPart'];

/** Whether a key of a {@link Disk} is that of a row of S3: `row/object/bucket/key`. */
export const isS3Row = (key: string) => TABLES.some((table) => key.startsWith(`row/${table}/`));

/** Removes the files of all buckets, objects and uploads from a data folder. The caller removes their rows. */
export async function wipeS3(data: string): Promise<void> {
  for (const name of FOLDERS) await rm(path.join(data, name), { recursive: true, force: true });
}

/** Copies the files of all buckets, objects and uploads of a data folder. The caller copies their rows. */
export async function copyS3(from: string, to: string): Promise<void> {
  for (const name of FOLDERS) {
    await mkdir(path.join(to, name), { recursive: true });
    await copyFiles(path.join(from, name), path.join(to, name));
  }
}

/**
 * Adapts copied rows to the copied files. A row has the inode and the modification time of its file, and is ignored for a file
 * with others, such as a copy. Without this, all copied objects would lose their metadata.
 *
 * @param disk - has the copied rows
 * @param rule - `same`: a row is kept if it describes its file in `from`. `size`: a row is kept if its file in `from` has the
 *   same size. This is for a folder that was itself copied, for example by git or tar, so that its inodes and times are new.
 */
export async function adoptCopies(
  disk: Disk,
  { from, to }: { readonly from: string; readonly to: string },
  rule: 'same' | 'size',
): Promise<void> {
  const [source, target] = [new Places(from), new Places(to)];
  for (const [table, fileOf] of Object.entries(OBJECT_TABLES)) {
    const adopted: [key: string, text: string | undefined][] = [];
    for await (const [id, text] of disk.texts(`row/${table}/`)) {
      const location = locationOf(id);
      const rows: readonly ObjectRow[] = JSON.parse(text);
      const [old, now] = [source, target].map((places) => statOf(fileOf(places, location)));
      const row = old && rows.find((row) => (rule === 'same' ? isOf(row, old) : row.size === old.size));
      const isCopied = row && now?.size === row.size;
      const copied = isCopied && { ...row, size: now.size, mtimeMs: now.mtimeMs, ino: now.ino };
      adopted.push([`row/${table}/${id}`, copied ? JSON.stringify([copied]) : undefined]);
    }
    await disk.write(adopted, true);
  }
}

const statOf = (file: string | undefined) =>
  file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });

/**
 * Copies a folder. A file that a user deletes meanwhile is skipped. On a file system with copy-on-write, a copy takes no space
 * until one of the two files changes.
 */
async function copyFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from).catch(() => [])) {
    const [source, target] = [path.join(from, name), path.join(to, name)];
    try {
      const stats = await stat(source);
      if (stats.isDirectory()) {
        await mkdir(target, { recursive: true });
        await copyFiles(source, target);
      }
      if (!stats.isFile()) continue;
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      await utimes(target, stats.atime, stats.mtime);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}
