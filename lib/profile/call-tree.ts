import type { FuncIndex } from './func-table.js';
import type { Profile } from './profile.js';
import { NO_STACK, StackTable } from './stack-table.js';

/** A node of a {@link CallTree}. */
export type CallNode = number;

/**
 * The stacks of a profile with functions for frames: stacks that differ only in addresses or lines are
 * one node, as in the call trees that readers show.
 */
export class CallTree {
  /** Rows of (caller, function): its frame column holds functions. */
  readonly #nodes = new StackTable();
  /** For each stack, its node. */
  readonly nodeOf: Int32Array;

  constructor(profile: Profile) {
    const { stacks, frames } = profile;
    const { length } = stacks;
    this.nodeOf = new Int32Array(length);
    // Callers have lower rows, so that their nodes are known.
    for (let stack = 0; stack < length; stack++) {
      const prefix = stacks.prefix.get(stack);
      const caller = prefix === NO_STACK ? NO_STACK : (this.nodeOf[prefix] as number);
      this.nodeOf[stack] = this.#nodes.intern(caller, frames.func.get(stacks.frame.get(stack)));
    }
  }

  get length(): number {
    return this.#nodes.length;
  }

  func(node: CallNode): FuncIndex {
    return this.#nodes.frame.get(node);
  }

  /** The caller's node, lower than the node itself, or `NO_STACK`. */
  prefix(node: CallNode): CallNode {
    return this.#nodes.prefix.get(node);
  }

  /** The functions from the outermost caller to the node's own. */
  path(node: CallNode): FuncIndex[] {
    return this.#nodes.frames(node);
  }
}
