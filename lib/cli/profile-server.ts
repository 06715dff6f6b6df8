import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const FRONT_END = 'https://profiler.firefox.com';
const LOOPBACK = '127.0.0.1';

/** What is served, by the last part of its path. */
export interface ServedFile {
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * Serves files to this machine's browsers, as long as it runs. Their path has a part that can't be guessed,
 * and a request must name the loopback address, so that no web page gets at them through a name of its own;
 * the Firefox Profiler's front end alone may read them from another origin.
 */
export class ProfileServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #secret = randomBytes(16).toString('hex');
  readonly #files: ReadonlyMap<string, ServedFile>;

  private constructor(files: ReadonlyMap<string, ServedFile>) {
    this.#files = files;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Listens on `port` of the loopback address, or on any that is free for 0. */
  static async start(files: ReadonlyMap<string, ServedFile>, port: number): Promise<ProfileServer> {
    const server = new ProfileServer(files);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(port, LOOPBACK, resolve);
    });
    return server;
  }

  /** The address of a file. */
  url(name: string): string {
    return `http://${this.#host()}/${this.#secret}/${name}`;
  }

  /** The address at which the Firefox Profiler shows a file. */
  frontEndUrl(name: string): string {
    return `${FRONT_END}/from-url/${encodeURIComponent(this.url(name))}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #host(): string {
    return `${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer({ method, headers, url }: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Access-Control-Allow-Origin', FRONT_END);
    response.setHeader('Vary', 'Origin');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const [, secret, name = ''] = (url ?? '').split('/');
    const file = secret === this.#secret ? this.#files.get(name) : undefined;
    if (headers.host !== this.#host() || file === undefined) {
      response.writeHead(404).end();
    } else if (method === 'OPTIONS') {
      // A browser asks before a public page may fetch from this machine.
      response.writeHead(204, {
        'Access-Control-Allow-Methods': 'GET',
        'Access-Control-Allow-Private-Network': 'true',
      });
      response.end();
    } else if (method === 'GET' || method === 'HEAD') {
      response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.body.length });
      response.end(method === 'GET' ? file.body : undefined);
    } else {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    }
  }
}
