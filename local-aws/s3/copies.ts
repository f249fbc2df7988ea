import { constants, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Disk } from '../disk.ts';
import { errorCode } from '../errors.ts';
import { isOf, locationOf, type ObjectRow } from './object-rows.ts';
import { Places, type S3Location } from './places.ts';

/** The folders of S3 in a data folder. Drafts are missing: nobody sees them, and a copy does not need them. */
const FOLDERS = ['s3', 's3-odd', 's3-uploads'];

/** The tables of objects, each with the file that belongs to a row of it. */
const OBJECT_TABLES: Readonly<Record<string, (places: Places, location: S3Location) => string | undefined>> =
  {
    object: (places, location) => places.file(location),
    oddObject: (places, location) => places.oddFile(location),
  };

const TABLES = [...Object.keys(OBJECT_TABLES), 'upload', 'uploadPart'];

/** Whether a text of a {@link Disk} is a row of S3. */
export const isS3Row = (key: string) => TABLES.some((table) => key.startsWith(`row/${table}/`));

/** Removes all buckets, objects and uploads from a data folder; their rows are the caller's business. */
export async function wipeS3(data: string): Promise<void> {
  for (const name of FOLDERS) await rm(path.join(data, name), { recursive: true, force: true });
}

/** Copies all buckets, objects and uploads of a data folder; their rows are the caller's business. */
export async function copyS3(from: string, to: string): Promise<void> {
  for (const name of FOLDERS) {
    await mkdir(path.join(to, name), { recursive: true });
    await copyFiles(path.join(from, name), path.join(to, name));
  }
}

/**
 * Makes rows that were copied count for the copies of their files, which have other inodes and times.
 *
 * @param disk - has the copied rows
 * @param rule - `same`: a row counts if it did in `from`. `size`: also if only the size is the same, because whoever has
 *   copied `from` itself, such as git or tar, has not kept inodes and times.
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
 * Copies a folder. Files may come and go meanwhile: people put them there by hand. Where the file system can, a copy takes no
 * space until one of the two files changes.
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
