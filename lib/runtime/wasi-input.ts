import { isUint8Array } from 'node:util/types';
import type { NativeInputQueue } from '../generated/native.js';
import { native } from '../native.js';
import { bytesOf } from './bytes.js';
import { wrongType } from './errors.js';

/** @internal Feeds a guest from a stream, a chunk at a time, each when the guest waits for it. */
export class WasiInputFeed {
  readonly native: NativeInputQueue;
  readonly #chunks: AsyncIterator<unknown>;
  /** Native code holds it weakly. */
  readonly #onWanted = (): void => this.#feed();
  #isReading = false;

  constructor(stream: AsyncIterable<unknown>) {
    this.native = new native.NativeInputQueue(this.#onWanted);
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Called within the guest's wait, so the stream's own code comes later. */
  #feed(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    void Promise.resolve()
      .then(() => this.#chunks.next())
      .then(({ done, value }) => {
        this.#isReading = false;
        if (done) this.native.end();
        else this.native.push(bytesOfChunk(value));
      })
      .catch((error: unknown) => {
        this.#isReading = false;
        this.native.fail(error);
      });
  }
}

function bytesOfChunk(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (isUint8Array(chunk)) return bytesOf('a chunk of options.stdin', chunk);
  throw wrongType('a chunk of options.stdin', 'a Uint8Array or a string', chunk);
}
