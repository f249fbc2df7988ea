import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UserError, messageOf } from '../src/lib/user-error.ts';
import { errorCode } from './errors.ts';
import { copyTexts, openDisk } from './disk.ts';
import { folderHome, type Contents } from './home.ts';
import { adoptCopies, copyS3, isS3Row } from './s3/copies.ts';
import { FolderBlobs, type Blobs } from './blobs.ts';

/**
 * Writes a copy of everything into a new folder, with the layout of a data folder. The copy is written under a temporary name and
 * renamed when it is complete, so that a killed process leaves no incomplete copy in `folder`.
 *
 * @throws UserError where the folder is not empty, or cannot be written
 */
export async function saveTo(folder: string, from: Contents): Promise<void> {
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0)) {
    throw new UserError(`${folder} is there already. Save to a folder that is not there yet, or is empty.`);
  }
  const draft = `${folder}.${randomUUID()}`;
  try {
    await mkdir(draft, { recursive: true });
    const to = await folderHome(draft).open();
    try {
      await copyTexts(from.disk, to.disk);
      await copyBlobs(from.frames, to.frames);
      await copyS3(from.data, to.data);
      await adoptCopies(to.disk, { from: from.data, to: to.data }, 'same');
    } finally {
      await to.disk.close();
    }
    await rmdir(folder).catch(() => {});
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    // An error of the file system: the disk is full, for example, or the folder may not be written to.
    if (!errorCode(error)?.startsWith('E')) throw error;
    throw new UserError(`The state could not be saved to ${folder} (${messageOf(error)}).`);
  }
}

/**
 * Fills an empty local AWS with a copy of a saved folder. The saved folder is not changed.
 *
 * @param options.s3 - true: copies the objects of S3 too; false: leaves them out
 * @throws UserError where the folder holds no state that this version can read
 */
export async function loadFrom(
  folder: string,
  to: Contents,
  options: { readonly s3: boolean },
): Promise<void> {
  checkSaved(folder);
  // Opens a copy of the database, because LevelDB writes into a folder that it opens, even if nothing changes.
  const copy = await mkdtemp(path.join(os.tmpdir(), 'local-aws-load-'));
  try {
    await cp(path.join(folder, 'state'), copy, { recursive: true });
    const disk = await openDisk(copy);
    try {
      await copyBlobs(new FolderBlobs(path.join(folder, 'frames')), to.frames);
      await copyTexts(disk, to.disk, (key) => options.s3 || !isS3Row(key));
      if (options.s3) {
        await copyS3(folder, to.data);
        await adoptCopies(to.disk, { from: folder, to: to.data }, 'size');
      }
    } finally {
      await disk.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`The saved folder ${folder} cannot be loaded (${messageOf(error)}).`);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** @throws UserError where the folder holds no state that {@link saveTo} could have written */
export function checkSaved(folder: string): void {
  if (existsSync(path.join(folder, 'state', 'CURRENT'))) return;
  throw new UserError(
    `There is no saved state in ${folder}. --load takes a folder that POST /_local/save wrote, or the data folder of a local AWS that has ended.`,
  );
}

async function copyBlobs(from: Blobs, to: Blobs): Promise<void> {
  for (const id of await from.ids()) {
    const blob = await from.read(id);
    if (blob) await to.write(id, [blob]);
  }
}
