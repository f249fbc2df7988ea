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
  /** The folder of S3's files. */
  readonly data: string;
  readonly disk: Disk;
  readonly frames: Blobs;
}

/** Where a local AWS keeps its {@link Contents}. */
export interface Home {
  /** The folder of S3's files. */
  readonly data: string;
  readonly isEmpty: boolean;
  /**
   * Opens what is there; whoever opens it closes the disk.
   *
   * @throws UserError where {@link fill} was killed
   */
  open(): Promise<Contents>;
  /** Does work that fills it. If the process is killed meanwhile, nobody takes the half of it for the whole. */
  fill(work: () => Promise<void>): Promise<void>;
  /** Removes everything, or everything but S3's files; the disk must be closed. */
  wipe(keep: { readonly s3: boolean }): Promise<void>;
  /** Removes what must not outlive the process; the disk must be closed. */
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
      // The state first: what is left without it, if the process is killed, belongs to nothing.
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
    // LevelDB wraps why it cannot open.
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
}

const temporaryFolders = new Set<string>();

/** For a process that ends without closing its local AWS. One listener for all: Node warns of more than ten. */
let removesAtExit = false;

function temporaryFolder(): string {
  if (!removesAtExit) process.on('exit', () => temporaryFolders.forEach(removeFolder));
  removesAtExit = true;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'local-aws-'));
  temporaryFolders.add(folder);
  return folder;
}

const removeFolder = (folder: string) => rmSync(folder, { recursive: true, force: true });

/** Nothing is on disk but S3's files, in a temporary folder that goes with the process. */
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
