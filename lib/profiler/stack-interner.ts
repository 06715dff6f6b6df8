import { NO_STACK, type StackIndex, StackTable } from '../profile/stack-table.js';
import { AddressTable } from './address-table.js';

const NO_ROWS = new Int32Array();

/**
 * Turns recorded stacks into rows of a stack table whose frames are addresses.
 *
 * Two stacks in a row mostly share all but their newest frames, so a record has only what differs from
 * the one before:
 *
 * ```
 * before: main → run → parse → token
 * now:    main → run → parse → space → skip
 *         └─── 3 shared ───┘   └ recorded ┘
 * ```
 */
export class StackInterner {
  readonly addresses: AddressTable;
  readonly stacks: StackTable;
  /** For the stack before, the row that ends at each of its frames, oldest first. */
  #rows: Int32Array = NO_ROWS;

  /** With the tables of `other`, for records of another place, which share with those there. */
  constructor(other?: StackInterner) {
    this.addresses = other?.addresses ?? new AddressTable();
    this.stacks = other?.stacks ?? new StackTable();
  }

  /**
   * The stack of the `shared` oldest frames of the one before, and of those whose addresses are `count`
   * words of `words` from `start`, newest first.
   */
  intern(words: Uint32Array, start: number, count: number, shared: number): StackIndex {
    const depth = shared + count;
    if (depth > this.#rows.length) this.#grow(depth);
    const rows = this.#rows;
    let stack = shared > 0 ? (rows[shared - 1] as number) : NO_STACK;
    for (let i = 1; i <= count; i++) {
      const address = words[start + count - i] as number;
      stack = this.stacks.intern(stack, this.addresses.intern(address));
      rows[shared + i - 1] = stack;
    }
    return stack;
  }

  #grow(depth: number): void {
    const rows = new Int32Array(Math.max(16, 2 ** Math.ceil(Math.log2(depth))));
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
