import type { PageData, PageThread } from '../lib/formats/page-types.js';
import { NO_STACK, StackTable } from '../lib/profile/stack-table.js';

/** A thread's call tree by function, of one module or of all: what doesn't change with the samples chosen. */
export class Shape {
  /** Rows of (caller, function), callers first. */
  readonly func: Int32Array;
  readonly prefix: Int32Array;
  readonly category: Int32Array;
  /** How many callers a node has. */
  readonly depth: Int32Array;
  /** 1 where no caller is the same function: those that totals count. */
  readonly outermost: Uint8Array;
  /** Of each row of the page's tree, its node, or −1 for none. */
  readonly nodeOf: Int32Array;
  /** Where the callees of node n begin in `callees`; they end where those of n + 1 begin. */
  readonly #from: Int32Array;
  readonly #callees: Int32Array;

  /** Frames of other modules than `module` belong to their callers; the empty name takes all. */
  constructor(data: PageData, thread: PageThread, module: string) {
    const { tree } = thread;
    const nodes = new StackTable();
    this.nodeOf = new Int32Array(tree.func.length);
    const categories: number[] = [];
    for (let row = 0; row < tree.func.length; row++) {
      const func = tree.func[row] as number;
      const prefix = tree.prefix[row] as number;
      const caller = prefix < 0 ? NO_STACK : (this.nodeOf[prefix] as number);
      const isShown = module === '' || data.functions[func]?.module === module;
      const node = isShown ? nodes.intern(caller, func) : caller;
      this.nodeOf[row] = node;
      if (isShown) categories[node] = tree.category[row] as number;
    }
    this.func = nodes.frame.view();
    this.prefix = nodes.prefix.view();
    this.category = Int32Array.from(categories);
    this.depth = new Int32Array(this.length);
    this.#from = new Int32Array(this.length + 2);
    this.#callees = new Int32Array(this.length);
    this.#link();
    this.outermost = this.#findOutermost(data.functions.length);
  }

  get length(): number {
    return this.func.length;
  }

  /** Node −1 has the outermost. */
  callees(node: number): Int32Array {
    return this.#callees.subarray(this.#from[node + 1], this.#from[node + 2]);
  }

  #link(): void {
    const from = this.#from;
    for (let node = 0; node < this.length; node++) {
      const caller = this.prefix[node] as number;
      this.depth[node] = caller < 0 ? 0 : (this.depth[caller] as number) + 1;
      from[caller + 2] = (from[caller + 2] as number) + 1;
    }
    for (let at = 1; at < from.length; at++) {
      from[at] = (from[at] as number) + (from[at - 1] as number);
    }
    const next = from.slice();
    for (let node = 0; node < this.length; node++) {
      const caller = (this.prefix[node] as number) + 1;
      this.#callees[next[caller] as number] = node;
      next[caller] = (next[caller] as number) + 1;
    }
  }

  /** Goes down the tree with a list instead of recursion, and notes which functions are on the way. */
  #findOutermost(functions: number): Uint8Array {
    const outermost = new Uint8Array(this.length);
    const onPath = new Int32Array(functions);
    // A node to enter, or, as −2 − node, to leave.
    const todo = [...this.callees(-1)];
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      const isEntered = node >= 0;
      const at = isEntered ? node : -2 - node;
      const func = this.func[at] as number;
      if (!isEntered) {
        onPath[func] = (onPath[func] as number) - 1;
        continue;
      }
      outermost[at] = onPath[func] === 0 ? 1 : 0;
      onPath[func] = (onPath[func] as number) + 1;
      todo.push(-2 - at);
      for (const callee of this.callees(at)) todo.push(callee);
    }
    return outermost;
  }
}
