/** A web page in a headless browser, controlled by the Chrome DevTools Protocol. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../src/lib/user-error.ts';

export interface PageOptions {
  readonly url: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** Each message is JSON, followed by a NUL character (`--remote-debugging-pipe`). */
const END = '\0';

type Message = {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
};

export class Page {
  readonly #browser: ChildProcess;
  readonly #input: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #profile: string;
  #sessionId: string | undefined;
  #next = 1;

  private constructor(browser: ChildProcess, profile: string, pipes: { input: Writable; output: Readable }) {
    this.#browser = browser;
    this.#profile = profile;
    this.#input = pipes.input;
    let text = '';
    pipes.output.setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (text + chunk).split(END);
      text = messages.pop() ?? '';
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
    browser.on('exit', () => {
      for (const answer of this.#waiting.values()) answer({ error: { message: 'the browser has ended' } });
    });
    // Writing to a browser that has just ended fails. Without this handler the error would end our process.
    this.#input.on('error', () => undefined);
  }

  /** @param browser - the path of Chromium */
  static async open(browser: string, { url, width, height }: PageOptions): Promise<Page> {
    const profile = mkdtempSync(join(tmpdir(), 'page-'));
    const args = [
      '--headless',
      // Chromium's sandbox does not work for root, the usual user in a container. The pages are from our own servers.
      '--no-sandbox',
      // By default a container has 64 MB of shared memory, which is too little for Chromium to draw images.
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      `--window-size=${width},${height}`,
    ];
    const child = spawn(browser, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const page = new Page(child, profile, {
      input: child.stdio[3] as Writable,
      output: child.stdio[4] as Readable,
    });
    const { targetId } = await page.#send('Target.createTarget', { url });
    const { sessionId } = await page.#send('Target.attachToTarget', { targetId, flatten: true });
    page.#sessionId = String(sessionId);
    return page;
  }

  /**
   * The value of a JavaScript expression in the page.
   *
   * @throws UserError if the expression throws
   */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', options);
    if (exceptionDetails !== undefined) {
      throw new UserError(`The page cannot say ${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return (result as { value?: unknown }).value;
  }

  /** The texts of the page that a person can see. */
  async text(): Promise<string> {
    return String(await this.evaluate("document.body?.innerText ?? ''"));
  }

  /**
   * Repeats an attempt until it returns a value.
   *
   * @param what - names in the error message what was expected on the page, such as `the image`
   * @throws UserError with the texts of the page, if that takes more than 90 seconds
   */
  async until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    for (const end = Date.now() + 90_000; Date.now() < end; await this.settle()) {
      const result = await attempt();
      if (result !== undefined) return result;
    }
    const text = (await this.text()).replaceAll(/\s+/g, ' ');
    throw new UserError(`The page does not show ${what}. Its texts: "${text}"`);
  }

  /**
   * Waits a moment before the page is checked again.
   *
   * @throws UserError if the browser has ended
   */
  async settle(): Promise<void> {
    if (this.#browser.exitCode !== null) throw new UserError('The browser has ended.');
    await pause(200);
  }

  /** Presses and releases a key, such as `ArrowDown`. */
  async press(key: string, keyCode: number): Promise<void> {
    for (const type of ['rawKeyDown', 'keyUp']) {
      await this.#send('Input.dispatchKeyEvent', { type, key, code: key, windowsVirtualKeyCode: keyCode });
    }
  }

  /** @returns the visible part of the page as a PNG file */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#browser.once('exit', resolve));
    if (this.#browser.exitCode === null) {
      this.#sessionId = undefined;
      // The browser may end before it answers this command.
      await this.#send('Browser.close', {}).catch(() => undefined);
      await ended;
    }
    // Chromium's child processes may still write into the profile folder just after the main process has exited.
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  async #send(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    const id = this.#next++;
    const sessionId = this.#sessionId;
    const { result = {}, error } = await new Promise<Message>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#input.write(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }) + END);
    });
    if (error) throw new UserError(`The browser refuses ${method}: ${error.message}`);
    return result;
  }

  #receive(message: Message): void {
    if (message.id === undefined) return;
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }
}
