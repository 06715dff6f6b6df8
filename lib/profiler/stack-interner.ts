import { NO_STACK, type StackIndex, StackTable } from '../profile/stack-table.js';
import { AddressTable } from './address-table.js';

/** Words of a frame as the sampler writes it: module, text offset. */
export const FRAME_WORDS = 2;

/**
 * Turns walks into rows of a stack table whose frames are addresses.
 *
 * Two stacks in a row mostly share all but their newest frames, so each walk is compared with the one
 * before and only what differs is looked up:
 *
 * ```
 * before: main → run → parse → token
 * now:    main → run → parse → space → skip
 *         └─── as before ──┘   └ looked up ┘
 * ```
 */
export class StackInterner {
  readonly addresses = new AddressTable();
  readonly stacks = new StackTable();
  /** The last walk, oldest frame first, and the stack that ends at each of its frames. */
  #frames = new Uint32Array(FRAME_WORDS * 256);
  #stacks = new Int32Array(256);
  #depth = 0;

  /** The stack of `count` frames in `walk`, newest first. */
  intern(walk: Uint32Array, count: number): StackIndex {
    if (count > this.#stacks.length) this.#grow(count);
    const frames = this.#frames;
    const stacks = this.#stacks;
    const last = FRAME_WORDS * (count - 1);
    const shared = Math.min(count, this.#depth);
    let depth = 0;
    for (; depth < shared; depth++) {
      const at = FRAME_WORDS * depth;
      if (frames[at] !== walk[last - at] || frames[at + 1] !== walk[last - at + 1]) break;
    }
    let stack = depth > 0 ? (stacks[depth - 1] as number) : NO_STACK;
    for (; depth < count; depth++) {
      const at = FRAME_WORDS * depth;
      const module = walk[last - at] as number;
      const offset = walk[last - at + 1] as number;
      stack = this.stacks.intern(stack, this.addresses.intern(module, offset));
      frames[at] = module;
      frames[at + 1] = offset;
      stacks[depth] = stack;
    }
    this.#depth = count;
    return stack;
  }

  #grow(depth: number): void {
    const capacity = 2 ** Math.ceil(Math.log2(depth));
    const frames = new Uint32Array(FRAME_WORDS * capacity);
    const stacks = new Int32Array(capacity);
    frames.set(this.#frames);
    stacks.set(this.#stacks);
    this.#frames = frames;
    this.#stacks = stacks;
  }
}
