import type { NativeModule, NativeSampler, NativeStore } from '../generated/native.js';
import { native } from '../native.js';
import { FRAME_WORDS } from './stack-interner.js';

const FIRST_FRAMES = 1024;

/** Reads the stack of a store: the frames of allow-listed modules, and nothing else. */
export class Sampler {
  readonly #native: NativeSampler;
  /** Where native code writes the frames of a walk. */
  #frames = new Uint32Array(FRAME_WORDS * FIRST_FRAMES);

  constructor(modules: NativeModule[]) {
    this.#native = new native.NativeSampler(modules, this.#frames.buffer);
  }

  /** The frames of the last walk, newest first: module's position in the list, text offset. */
  get frames(): Uint32Array {
    return this.#frames;
  }

  /** Walks the stack; returns the number of frames, all of which are in `frames`. */
  walk(store: NativeStore): number {
    const count = this.#native.walk(store);
    if (FRAME_WORDS * count <= this.#frames.length) return count;
    this.#frames = new Uint32Array(FRAME_WORDS * 2 * count);
    this.#native.setBuffer(this.#frames.buffer);
    return this.#native.walk(store);
  }
}
