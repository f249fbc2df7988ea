/**
 * Cuts a folder in S3 into jobs: prefixes that end with a slash, do not overlap, and hold no more than a job may have. It reads
 * the objects once, in the order of their keys, and keeps only what may still become part of a larger job.
 */

/** The most that one job may have. */
export interface JobLimits {
  readonly files: number;
  readonly bytes: number;
  /** HealthImaging: nested folders in a job. Absent if the service has no such limit. */
  readonly folders?: number;
}

export interface CutObject {
  readonly key: string;
  readonly size: number;
}

export interface Amount {
  files: number;
  bytes: number;
}

/** A prefix that one job can import. */
export interface CutJob extends Amount {
  readonly prefix: string;
}

/** Files directly in a folder that no prefix can import without the folder's sub-folders, or without exceeding a limit. */
export interface UncutFiles extends Amount {
  readonly folder: string;
  readonly why: 'beside sub-folders' | 'too many in one folder' | 'too large for one job';
  /** The first and the last of the keys, in the order of S3. */
  readonly first: string;
  readonly last: string;
}

export interface CutResult {
  readonly jobs: readonly CutJob[];
  readonly uncut: readonly UncutFiles[];
}

/** Some of the files directly in a folder: no more than a job may have. */
interface Piece extends Amount {
  first: string;
  last: string;
}

/** A folder of which not all objects have been read yet. */
interface OpenFolder extends Amount {
  readonly prefix: string;
  folders: number;
  /** Whether it is known to be too large for one job. */
  cut: boolean;
  hasSubfolders: boolean;
  /** The sub-folders that have been read completely. They become jobs only if this folder is too large. */
  readonly whole: CutJob[];
  /** The files directly in it. They can only be imported together with the whole folder. */
  readonly direct: Piece[];
}

/** The state of a {@link Cutter} as JSON, from which another one continues. */
export type CutterState = readonly OpenFolder[];

export class Cutter {
  readonly #limits: JobLimits;
  readonly #tooLarge: ReadonlySet<string>;
  readonly #open: OpenFolder[];
  #jobs: CutJob[] = [];
  #uncut: UncutFiles[] = [];

  /**
   * @param root - the folder to cut; empty or with a slash at the end
   * @param tooLarge - folders of whose sub-folders this cutter may read only some, and that are known to be too large for one job
   * @param state - of an earlier cutter for the same folder
   */
  constructor(root: string, limits: JobLimits, tooLarge: readonly string[] = [], state?: CutterState) {
    this.#limits = limits;
    this.#tooLarge = new Set(tooLarge);
    this.#open = state ? structuredClone([...state]) : [this.#opened(root)];
  }

  get state(): CutterState {
    return structuredClone(this.#open);
  }

  /** Reads the next object: its key comes after all keys before it, in the order of S3. */
  add(object: CutObject): void {
    const folder = object.key.slice(0, object.key.lastIndexOf('/') + 1);
    while (this.#open.length > 1 && !folder.startsWith(this.#top.prefix)) this.#close();
    this.#descend(folder);
    addToPieces(this.#top.direct, object, this.#limits);
    for (const open of this.#open) {
      open.files += 1;
      open.bytes += object.size;
      if (!open.cut && this.#exceeds(open)) this.#cut(open);
    }
  }

  /** Closes the folders that are still open: all objects have been read. */
  end(): CutResult {
    while (this.#open.length > 0) this.#close();
    return this.take();
  }

  /** What has been cut since the last call. */
  take(): CutResult {
    const result = { jobs: this.#jobs, uncut: this.#uncut };
    this.#jobs = [];
    this.#uncut = [];
    return result;
  }

  get #top(): OpenFolder {
    const top = this.#open.at(-1);
    if (!top) throw new Error('the cutter has ended');
    return top;
  }

  #opened(prefix: string): OpenFolder {
    const cut = this.#tooLarge.has(prefix);
    return { prefix, files: 0, bytes: 0, folders: 0, cut, hasSubfolders: cut, whole: [], direct: [] };
  }

  #descend(folder: string): void {
    for (let end: number; this.#top.prefix !== folder;) {
      end = folder.indexOf('/', this.#top.prefix.length) + 1;
      this.#top.hasSubfolders = true;
      for (const open of this.#open) open.folders += 1;
      this.#open.push(this.#opened(folder.slice(0, end)));
    }
  }

  #exceeds({ files, bytes, folders }: OpenFolder): boolean {
    const { folders: mostFolders = Infinity } = this.#limits;
    return files > this.#limits.files || bytes > this.#limits.bytes || folders > mostFolders;
  }

  #cut(folder: OpenFolder): void {
    folder.cut = true;
    this.#jobs.push(...folder.whole.splice(0));
  }

  #close(): void {
    const folder = this.#open.pop();
    if (!folder || folder.files === 0) return;
    const { prefix, files, bytes, cut } = folder;
    if (cut) return this.#leave(folder);
    const parent = this.#open.at(-1);
    const kept = parent && !parent.cut ? parent.whole : this.#jobs;
    kept.push({ prefix, files, bytes });
  }

  #leave({ prefix: folder, direct, hasSubfolders }: OpenFolder): void {
    const why = (piece: Piece): UncutFiles['why'] =>
      piece.bytes > this.#limits.bytes
        ? 'too large for one job'
        : hasSubfolders
          ? 'beside sub-folders'
          : 'too many in one folder';
    this.#uncut.push(...direct.map((piece) => ({ folder, why: why(piece), ...piece })));
  }
}

function addToPieces(pieces: Piece[], { key, size }: CutObject, limits: JobLimits): void {
  const last = pieces.at(-1);
  if (last && last.files < limits.files && last.bytes + size <= limits.bytes) {
    last.files += 1;
    last.bytes += size;
    last.last = key;
  } else pieces.push({ first: key, last: key, files: 1, bytes: size });
}
