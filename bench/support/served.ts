/** Starts servers, and calls them over a raw TCP connection, which takes less processor time than an HTTP client. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server in a process of its own. */
export interface Served {
  readonly endpoint: string;
  /** The time from the start of the process until the server listens. */
  readonly startMs: number;
  /** Ends the process. @returns its peak memory */
  stop(): Promise<{ megabytes: number }>;
}

/**
 * @param what - the data folder of a local AWS, or `constant`
 * @param prefix - a command and its arguments that run the server
 */
export async function serve(what: string, prefix: readonly string[] = []): Promise<Served> {
  const began = performance.now();
  const [command, ...args] = [...prefix, process.execPath, join(import.meta.dirname, 'serve.js'), what];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the server of ${what} has ended`);
    return value;
  };
  return {
    endpoint: await next(),
    startMs: performance.now() - began,
    async stop() {
      child.stdin.end();
      const kilobytes = Number(await next());
      if (child.exitCode === null) await once(child, 'exit');
      return { megabytes: Math.round(kilobytes / 1000) };
    },
  };
}

/** One connection that is kept alive. The caller must wait for the reply to a request before it sends the next one. */
export class RawConnection {
  readonly #socket: net.Socket;
  #received = '';
  #settle: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;

  constructor(endpoint: string) {
    const { hostname, port } = new URL(endpoint);
    this.#socket = net.connect(Number(port), hostname).setNoDelay(true).setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#receive(text));
    this.#socket.on('error', (error) => this.#settle?.reject(error));
  }

  /**
   * @param headers - say which service the request is for
   * @returns the body of the reply
   * @throws Error for any status but 200
   */
  call(method: string, path: string, body = '', headers = SIGNATURE): Promise<string> {
    const length = body ? `content-length: ${body.length}\r\n` : '';
    this.#socket.write(`${method} ${path} HTTP/1.1\r\nhost: local\r\n${headers}${length}\r\n${body}`);
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    const [reply, body] = [this.#received, this.#received.slice(end + 4)];
    this.#received = '';
    if (reply.startsWith('HTTP/1.1 200')) this.#settle?.resolve(body);
    else this.#settle?.reject(new Error(reply));
  }
}

/** Names the service that the request is for, as each AWS client does. The local AWS does not check signatures. */
const SIGNATURE =
  'authorization: AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/medical-imaging/aws4_request, SignedHeaders=host, Signature=0\r\n';
