import { Int32Column } from './column.js';
import type { FrameIndex } from './frame-table.js';

/** A row of the stack table: a node of the tree of call stacks. */
export type StackIndex = number;

/** The prefix of a root, and the stack of a sample that saw no frame. */
export const NO_STACK: StackIndex = -1;

/** 64 bytes: what V8 still keeps in its own heap, which is many times cheaper to make. */
const FIRST_SLOTS = 16;

/** Of a table without rows: a free slot that no row gets. */
const NO_SLOTS = new Int32Array(1);

/**
 * All call stacks as one tree: a stack is its innermost frame plus the stack that called it. Stacks that
 * share callers share rows, so a sample needs one number, however deep its stack.
 *
 * ```
 * main → parse → read      row  frame  prefix
 * main → parse             0    main   −1
 * main → print             1    parse   0
 *                          2    read    1
 *                          3    print   0
 * ```
 *
 * A parent always has a lower row than its children. Rows are found by (prefix, frame) through
 * open addressing of our own: `intern` runs for every frame of every sample that is not shared with
 * the sample before, and a `Map` would cost a key object for each row. No category here: readers
 * take it from the frame.
 */
export class StackTable {
  readonly frame = new Int32Column();
  /** The caller's row, or {@link NO_STACK}. */
  readonly prefix = new Int32Column();
  /** Row + 1, with 0 for a free slot; the length is a power of two, at most half of it in use. */
  #slots: Int32Array = NO_SLOTS;

  get length(): number {
    return this.frame.length;
  }

  /** The stack of `frame` called by `prefix` ({@link NO_STACK} for a root), added when it is new. */
  intern(prefix: StackIndex, frame: FrameIndex): StackIndex {
    if (prefix >= this.length || prefix < NO_STACK) {
      throw new RangeError(`expected a stack index below ${this.length}, got ${prefix}`);
    }
    const slots = this.#slots;
    const mask = slots.length - 1;
    const frames = this.frame.array;
    const prefixes = this.prefix.array;
    let slot = hash(prefix, frame) & mask;
    for (;;) {
      const row = (slots[slot] as number) - 1;
      if (row < 0) break;
      if (frames[row] === frame && prefixes[row] === prefix) return row;
      slot = (slot + 1) & mask;
    }
    const row = this.frame.push(frame);
    this.prefix.push(prefix);
    if (this.length * 2 > slots.length) this.#grow();
    else slots[slot] = row + 1;
    return row;
  }

  /** The frames of a stack, outermost caller first. */
  frames(stack: StackIndex): FrameIndex[] {
    const frames: FrameIndex[] = [];
    for (let row = stack; row !== NO_STACK; row = this.prefix.get(row)) {
      frames.push(this.frame.get(row));
    }
    return frames.reverse();
  }

  #grow(): void {
    const slots = new Int32Array(Math.max(FIRST_SLOTS, this.#slots.length * 2));
    const mask = slots.length - 1;
    const frames = this.frame.view();
    const prefixes = this.prefix.view();
    for (let row = 0; row < frames.length; row++) {
      let slot = hash(prefixes[row] ?? 0, frames[row] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

/**
 * Recursion makes long runs (prefix, prefix + 1, … with one frame) and wide nodes make runs of frames
 * with one prefix, so both must spread over the low bits, which pick the slot.
 */
function hash(prefix: StackIndex, frame: FrameIndex): number {
  let h = Math.imul(prefix, 0x9e3779b1) ^ Math.imul(frame, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae3d);
  return h ^ (h >>> 13);
}
