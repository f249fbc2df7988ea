import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../src/lib/user-error.ts';
import { FolderBlobs, MemoryBlobs, type Blobs } from './blobs.ts';
import { makeDataFolder } from './data-folder.ts';
import { memoryDisk, openDisk, type Disk } from './disk.ts';
import { wipeS3 } from './s3/copies.ts';

/** All that a local AWS keeps. */
export interface Contents {
  /** The data folder, in which S3's files are. */
  readonly data: string;
  readonly disk: Disk;
  readonly frames: Blobs;
}

/** Where a local AWS keeps its {@link Contents}. */
export interface Home {
  /** The data folder, in which S3's files are. */
  readonly data: string;
  readonly isEmpty: boolean;
  /**
   * Opens the contents. The caller must close the disk.
   *
   * @throws UserError if the process was killed during {@link fill}, so that the contents are incomplete
   */
  open(): Promise<Contents>;
  /**
   * Does work that writes the first contents. If the process is killed meanwhile, {@link open} refuses the incomplete contents.
   */
  fill(work: () => Promise<void>): Promise<void>;
  /** Removes everything, or everything but S3's files; the disk must be closed. */
  wipe(keep: { readonly s3: boolean }): Promise<void>;
  /** Removes temporary files; the disk must be closed. */
  leave(): void;
}

/** @throws UserError where the folder cannot be made or written to */
export function folderHome(data: string): Home {
  makeDataFolder(data);
  const state = path.join(data, 'state');
  const frames = path.join(data, 'frames');
  const mark = path.join(data, 'being-loaded');
  return {
    data,
    get isEmpty() {
      return readdirSync(data).length === 0;
    },
    async open() {
      if (existsSync(mark)) {
        throw new UserError(
          `${data} holds only a part of what --load was to copy, because the copying was ended. Delete it, or choose another folder by --data.`,
        );
      }
      return { data, disk: await openState(state), frames: new FolderBlobs(frames) };
    },
    async fill(work) {
      await writeFile(mark, '');
      await work();
      await rm(mark);
    },
    async wipe({ s3 }) {
      // The state is removed first. If the process is killed before the rest is removed, unused frames are left. The other order
      // could leave image sets without their frames.
      await rm(state, { recursive: true, force: true });
      await rm(frames, { recursive: true, force: true });
      if (!s3) await wipeS3(data);
    },
    leave: () => {},
  };
}

async function openState(folder: string): Promise<Disk> {
  try {
    return await openDisk(folder);
  } catch (error) {
    // The reason why LevelDB cannot open the folder is in `cause`, with its code (`LEVEL_LOCKED`, for example).
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
}

const temporaryFolders = new Set<string>();

/**
 * Whether a listener removes the temporary folders of a process that ends without closing its local AWS. One listener removes all
 * of them, because Node warns of more than ten listeners.
 */
let removesAtExit = false;

function temporaryFolder(): string {
  if (!removesAtExit) process.on('exit', () => temporaryFolders.forEach(removeFolder));
  removesAtExit = true;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'local-aws-'));
  temporaryFolders.add(folder);
  return folder;
}

const removeFolder = (folder: string) => rmSync(folder, { recursive: true, force: true });

/** Keeps everything in memory, except S3's files, which are in a temporary folder that is removed when the process ends. */
export function memoryHome(): Home {
  const data = temporaryFolder();
  return {
    data,
    isEmpty: true,
    open: () => Promise.resolve({ data, disk: memoryDisk(), frames: new MemoryBlobs() }),
    fill: (work) => work(),
    wipe: ({ s3 }) => (s3 ? Promise.resolve() : wipeS3(data)),
    leave() {
      temporaryFolders.delete(data);
      removeFolder(data);
    },
  };
}
