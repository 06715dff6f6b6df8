import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** A front end asks for all addresses of a profile at once. */
const LARGEST_REQUEST_BYTES = 64 * 1024 * 1024;

/** What is served by GET. */
export interface ServedFile {
  readonly type: string;
  readonly body: Uint8Array;
}

/** What a {@link ProfileServer} serves. */
export interface Served {
  /** By name, the only part of their path. */
  readonly files: ReadonlyMap<string, ServedFile>;
  /** What requests by POST get, from JSON to JSON; undefined for a path that there is none at. */
  readonly api: (path: string, request: unknown) => object | undefined;
  /** Where the address under which all is leads to. */
  readonly home: (url: string) => string;
  /** The web origin that may read all of this beside our own. */
  readonly origin: string;
}

/**
 * Serves files and answers to this machine's browsers, as long as it runs. Their path has a part that
 * can't be guessed, and a request must name the loopback address, so that no web page gets at them
 * through a name of its own; one origin alone may read them from elsewhere.
 */
export class ProfileServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #secret = randomBytes(16).toString('base64url');
  readonly #served: Served;

  private constructor(served: Served) {
    this.#served = served;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        // The connection broke off; or else there is an error of ours, and no more to say.
        if (!response.headersSent) response.statusCode = 500;
        response.end();
      });
    });
  }

  /** Listens on `port` of the loopback address, or on any that is free for 0. */
  static async start(served: Served, port: number): Promise<ProfileServer> {
    const server = new ProfileServer(served);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(port, LOOPBACK, resolve);
    });
    return server;
  }

  /** The address under which all is; it leads to where a person sees it. */
  get url(): string {
    return `http://${this.#host()}/${this.#secret}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #host(): string {
    return `${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Access-Control-Allow-Origin', this.#served.origin);
    response.setHeader('Vary', 'Origin');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const { method = '', headers, url = '' } = request;
    const [, secret, ...rest] = url.split('/');
    if (headers.host !== this.#host() || secret !== this.#secret) {
      response.writeHead(404).end();
    } else if (method === 'OPTIONS') {
      // A browser asks before a public page may send to this machine.
      response.writeHead(204, {
        'Access-Control-Allow-Methods': 'GET, POST',
        'Access-Control-Allow-Headers': 'Content-Type, User-Agent',
        'Access-Control-Allow-Private-Network': 'true',
      });
      response.end();
    } else if (method === 'POST') {
      await this.#answerApi(rest.join('/'), request, response);
    } else if (method === 'GET' || method === 'HEAD') {
      const name = rest.join('/');
      const file = this.#served.files.get(name);
      if (name === '') response.writeHead(302, { Location: this.#served.home(this.url) }).end();
      else if (file === undefined) response.writeHead(404).end();
      else send(response, file.type, method === 'GET' ? file.body : undefined, file.body.length);
    } else {
      response.writeHead(405, { Allow: 'GET, HEAD, POST' }).end();
    }
  }

  async #answerApi(path: string, request: IncomingMessage, response: ServerResponse) {
    const json = await bodyOf(request);
    if (json === undefined) {
      response.writeHead(413, { Connection: 'close' }).end();
      return;
    }
    let asked: unknown;
    try {
      asked = JSON.parse(json);
    } catch {
      response.writeHead(400).end();
      return;
    }
    const answer = this.#served.api(path, asked);
    if (answer === undefined) {
      response.writeHead(404).end();
      return;
    }
    const body = Buffer.from(JSON.stringify(answer));
    send(response, 'application/json', body, body.length);
  }
}

/** A request's text, undefined for one that is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > LARGEST_REQUEST_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function send(
  response: ServerResponse,
  type: string,
  body: Uint8Array | undefined,
  length: number,
): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': length });
  response.end(body);
}
