import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PixelDescription } from '../dicom/pixel-description.ts';
import { CannotTranscode } from './cannot-transcode.ts';
import { factsOf, nativePixels, type PixelFacts } from './pixels.ts';
import { codingOf } from '../dicom/transfer-syntaxes.ts';

/** What the thread is asked. */
export interface Task {
  readonly frame: Uint8Array;
  readonly description: PixelDescription;
  /** UID of the transfer syntax to encode the frame in, if it is to be encoded. */
  readonly to: string | undefined;
  readonly wants: 'facts' | 'frame';
}

/** After `broken` a codec may have lost its state, so the thread is replaced. */
export type Answer =
  | { readonly facts: FrameFacts }
  | { readonly encoded: Uint8Array }
  | { readonly problem: 'unsupported' | 'broken' };

export interface FrameFacts extends PixelFacts {
  readonly encodedSize: number | undefined;
}

/**
 * How many ticks of 250 ms a frame may take: the codecs need 3 to 500 ms for 512 × 512 pixels, and this is 8 seconds. One that is
 * still busy then has lost its way in malformed data. Ticks, because time also passes while the process is stopped.
 */
const ticksFor = ({ rows, columns }: PixelDescription) => 20 + (rows * columns) / 25_000;
const TICK_MS = 250;

/**
 * Decodes and encodes frames in a thread of its own. The codecs are C++ compiled to WebAssembly: fed with malformed data they
 * abort, run forever, use memory that they never give back, and print to stdout. There each of that costs a frame, here it
 * would cost the server. A thread begins with the first frame and is replaced after a fault.
 */
export class Transcoder {
  #thread: CodecThread | undefined;
  /** Ends when the frames before have been answered: time limits are those of one frame. */
  #busy: Promise<unknown> = Promise.resolve();

  /**
   * Decodes a frame and describes its pixels.
   *
   * @param to - also encodes it in that transfer syntax, for the size that this gives
   * @throws CannotTranscode
   */
  async facts(frame: Uint8Array, description: PixelDescription, to?: string): Promise<FrameFacts> {
    // Native pixels need no codec, and to hand them to a thread takes longer than to look at them.
    if (to === undefined && codingOf(description.transferSyntaxUid) === 'native') {
      return { ...factsOf(nativePixels(frame, description), description), encodedSize: undefined };
    }
    const answer = await this.#ask({ frame, description, to, wants: 'facts' });
    if ('facts' in answer) return answer.facts;
    throw new CannotTranscode('the frame cannot be transcoded');
  }

  /**
   * A frame in another transfer syntax, without loss.
   *
   * @throws CannotTranscode
   */
  async transcode(frame: Uint8Array, description: PixelDescription, to: string): Promise<Uint8Array> {
    const answer = await this.#ask({ frame, description, to, wants: 'frame' });
    if ('encoded' in answer) return answer.encoded;
    throw new CannotTranscode('the frame cannot be transcoded');
  }

  async close(): Promise<void> {
    await this.#thread?.end();
  }

  #ask(task: Task): Promise<Answer> {
    const answer = this.#busy.then(() => this.#run(task));
    this.#busy = answer;
    return answer;
  }

  async #run(task: Task): Promise<Answer> {
    if (this.#thread?.hasEnded) this.#thread = undefined;
    const thread = (this.#thread ??= new CodecThread());
    const answer = await thread.run(task);
    if ('problem' in answer && answer.problem === 'broken') {
      this.#thread = undefined;
      await thread.end();
    }
    return answer;
  }
}

class CodecThread {
  /** What still prints must not print into the output of the server. */
  readonly #worker = new Worker(script, { stdout: true, stderr: true });
  #answer: (answer: Answer) => void = () => {};
  hasEnded = false;

  constructor() {
    this.#worker
      .on('message', (answer: Answer) => this.#answer(answer))
      .on('error', () => this.#answer({ problem: 'broken' }))
      .on('exit', () => {
        this.hasEnded = true;
        this.#answer({ problem: 'broken' });
      });
    // An idle thread keeps no process alive.
    this.#worker.unref();
  }

  async run(task: Task): Promise<Answer> {
    let ticks = ticksFor(task.description);
    let clock: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer>((resolve) => {
      this.#answer = resolve;
      clock = setInterval(() => {
        if (--ticks < 0) resolve({ problem: 'broken' });
      }, TICK_MS);
      // A buffer of its own: a view would carry along all the memory that it is a view of.
      const frame = new Uint8Array(task.frame);
      this.#worker.postMessage({ ...task, frame }, [frame.buffer]);
    });
    clearInterval(clock);
    return answer;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Node runs a thread from JavaScript only: jest, which runs the sources, uses the build. */
const script = import.meta.filename.endsWith('.ts')
  ? path.join(import.meta.dirname, '../../../dist/local-aws/medical-imaging/codecs/thread.js')
  : path.join(import.meta.dirname, 'thread.js');
