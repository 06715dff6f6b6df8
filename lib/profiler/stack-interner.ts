import { NO_STACK, type StackIndex, StackTable } from '../profile/stack-table.js';
import { AddressTable } from './address-table.js';

/**
 * Turns recorded stacks into rows of a stack table whose frames are addresses.
 *
 * Two stacks in a row mostly share all but their newest frames, so each is compared with the one before
 * and only what differs is looked up:
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
  /** The last stack, oldest frame first, and the row that ends at each of its frames. */
  #addresses = new Uint32Array(256);
  #rows = new Int32Array(256);
  #depth = 0;

  /** The stack whose addresses are `count` words of `words` from `start`, newest frame first. */
  intern(words: Uint32Array, start: number, count: number): StackIndex {
    if (count > this.#rows.length) this.#grow(count);
    const addresses = this.#addresses;
    const rows = this.#rows;
    const oldest = start + count - 1;
    const shared = Math.min(count, this.#depth);
    let depth = 0;
    while (depth < shared && addresses[depth] === words[oldest - depth]) depth++;
    let stack = depth > 0 ? (rows[depth - 1] as number) : NO_STACK;
    for (; depth < count; depth++) {
      const address = words[oldest - depth] as number;
      stack = this.stacks.intern(stack, this.addresses.intern(address));
      addresses[depth] = address;
      rows[depth] = stack;
    }
    this.#depth = count;
    return stack;
  }

  #grow(depth: number): void {
    const capacity = 2 ** Math.ceil(Math.log2(depth));
    const addresses = new Uint32Array(capacity);
    const rows = new Int32Array(capacity);
    addresses.set(this.#addresses);
    rows.set(this.#rows);
    this.#addresses = addresses;
    this.#rows = rows;
  }
}
