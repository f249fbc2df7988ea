import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../src/lib/user-error.ts';
import type { Lifecycle } from './control-server.ts';
import { copyTexts, memoryDisk, type Disk } from './disk.ts';
import { Gate } from './gate.ts';
import { folderHome, memoryHome, type Contents, type Home } from './home.ts';
import { Instance } from './instance.ts';
import { Transcoder } from './medical-imaging/codecs/transcoder.ts';
import { checkOptions, type LocalAwsOptions } from './options.ts';
import type { HttpReply, HttpRequest } from './protocols/http.ts';
import { defaultSettings, fastSettings } from './settings.ts';
import { isS3Row } from './s3/copies.ts';
import { checkSaved, loadFrom, saveTo } from './snapshot.ts';

/** How long a reset or a copy waits for calls under way: a call takes milliseconds, unless a fault holds it. */
const PATIENCE_MS = 1000;

const notEmpty = (data: string) =>
  `The data folder ${data} is not empty, and --load starts with a copy of a saved folder. Choose a new folder by --data, or leave out --load.`;

interface Running {
  readonly contents: Contents;
  readonly instance: Instance;
}

/** A local AWS without its HTTP server. A reset replaces the {@link Instance}, and keeps the options and the folder. */
export class Runtime implements Lifecycle {
  endpoint = '';
  readonly #options: LocalAwsOptions;
  readonly #home: Home;
  readonly #gate = new Gate();
  readonly #transcoder = new Transcoder();
  #running: Running | undefined;

  private constructor(options: LocalAwsOptions, home: Home) {
    this.#options = options;
    this.#home = home;
  }

  /** @throws UserError for options that do not go together, and for folders that cannot be used */
  static async open(options: LocalAwsOptions): Promise<Runtime> {
    checkOptions(options);
    if (options.load !== undefined) checkSaved(options.load);
    const home = options.data === undefined ? memoryHome() : folderHome(options.data);
    const runtime = new Runtime(options, home);
    try {
      if (options.load !== undefined && !home.isEmpty) throw new UserError(notEmpty(home.data));
      await runtime.#start();
      return runtime;
    } catch (error) {
      await runtime.close();
      throw error;
    }
  }

  get s3Folder(): string {
    return path.resolve(this.#home.data, 's3');
  }

  /** Continues the jobs that the state holds. */
  begin(endpoint: string): void {
    this.endpoint = endpoint;
    this.#live().instance.begin(endpoint);
  }

  /** @returns nothing when the connection is to break without an answer */
  async answer(request: HttpRequest): Promise<HttpReply | undefined> {
    if (!request.path.startsWith('/_local/')) {
      return this.#gate.pass(() => this.#live().instance.answer(request));
    }
    await this.#gate.opened();
    return this.#live().instance.control.answer(request);
  }

  async reset({ keepS3 }: { readonly keepS3: boolean }): Promise<void> {
    // The reset would otherwise wait for the calls that a fault holds.
    this.release();
    await this.#gate.shut(PATIENCE_MS, async () => {
      const s3Rows = keepS3 ? await this.#s3Rows() : undefined;
      await this.#end();
      await this.#home.wipe({ s3: keepS3 });
      await this.#start(s3Rows);
      this.begin(this.endpoint);
    });
  }

  async save(folder: string): Promise<void> {
    this.#live().instance.endPolls();
    await this.#gate.shut(PATIENCE_MS, async () => {
      const { contents, instance } = this.#live();
      await instance.world.store.flush();
      await saveTo(folder, contents);
    });
  }

  /** Removes all faults, so that the calls which they hold or delay continue, and answers the calls that wait for a message. */
  release(): void {
    this.#running?.instance.release();
  }

  async close(): Promise<void> {
    await this.#end();
    await this.#transcoder.close();
    this.#home.leave();
  }

  /** @param s3Rows - the rows of S3 that a reset keeps; S3 is then not loaded from the folder of `load` */
  async #start(s3Rows?: Disk): Promise<void> {
    const { load, seed, fast = false, settings } = this.#options;
    const contents = await this.#home.open();
    try {
      if (load !== undefined) {
        await this.#home.fill(() => loadFrom(load, contents, { s3: !s3Rows }));
      }
      if (s3Rows) await copyTexts(s3Rows, contents.disk);
      // The folder exists from the start, so that people and tests can put files into it.
      await mkdir(this.s3Folder, { recursive: true });
      const options = {
        seed,
        settings: { ...defaultSettings, ...(fast && fastSettings), ...settings },
        transcoder: this.#transcoder,
      };
      this.#running = { contents, instance: await Instance.open(contents, options, this) };
    } catch (error) {
      await contents.disk.close();
      throw error;
    }
  }

  async #end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.instance.close();
  }

  async #s3Rows(): Promise<Disk> {
    const { contents, instance } = this.#live();
    await instance.world.store.flush();
    const rows = memoryDisk();
    await copyTexts(contents.disk, rows, isS3Row);
    return rows;
  }

  #live(): Running {
    // There is no state after a reset that has failed, because the disk is full for example.
    if (!this.#running) throw new Error('the local AWS has no state');
    return this.#running;
  }
}
