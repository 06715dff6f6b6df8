/** The call tree of a page: by function and line, without what is too narrow or too deep to be seen. */

import { CallTree } from '../profile/call-tree.js';
import { Int32Column } from '../profile/column.js';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS, type Weight, weighStacks } from '../profile/sample-weight.js';
import { NO_STACK, StackTable } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { codeLines } from './page-code.js';
import type { PageThread } from './page-types.js';

/** A share of the whole below which a call path is narrower than a pixel. */
const SMALLEST_SHARE = 1 / 20_000;
/** Trees of fewer nodes are kept whole. */
const SMALL_TREE = 20_000;
/** Frames that a page can show one upon the other. */
const DEEPEST = 1000;

/** A thread's tree, and for each stack of the profile its row, or −1. */
export interface PrunedTree {
  readonly tree: PageThread['tree'];
  readonly rowOf: Int32Array;
}

/** Functions and lines as one number each. */
class Places {
  readonly func = new Int32Column();
  readonly line = new Int32Column();
  readonly #rows = new Map<string, number>();

  intern(func: number, line: number): number {
    const key = `${func} ${line}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    this.line.push(line);
    const row = this.func.push(func);
    this.#rows.set(key, row);
    return row;
  }
}

/** Stacks by function and line, of which each thread shows a part. */
export class PageTrees {
  readonly #profile: Profile;
  readonly #functions: CallTree;
  readonly #places = new Places();
  /** Nodes of (caller, place). */
  readonly #nodes = new StackTable();
  /** Of each stack, its node. */
  readonly #nodeOf: Int32Array;
  /** Of each node, that of the tree of functions. */
  readonly #functionNode = new Int32Column();
  readonly #category = new Int32Column();

  constructor(profile: Profile) {
    const { stacks, frames } = profile;
    this.#profile = profile;
    this.#functions = new CallTree(profile);
    this.#nodeOf = new Int32Array(stacks.length);
    const placeOf = new Int32Array(frames.length);
    const lineOf = codeLines(profile);
    for (let frame = 0; frame < frames.length; frame++) {
      const line = lineOf(frame) ?? frames.line.get(frame);
      placeOf[frame] = this.#places.intern(frames.func.get(frame), line);
    }
    // Callers have lower rows, so that their nodes are known.
    for (let stack = 0; stack < stacks.length; stack++) {
      const prefix = stacks.prefix.get(stack);
      const caller = prefix === NO_STACK ? NO_STACK : (this.#nodeOf[prefix] as number);
      const frame = stacks.frame.get(stack);
      const node = this.#nodes.intern(caller, placeOf[frame] as number);
      this.#nodeOf[stack] = node;
      if (node < this.#functionNode.length) continue;
      this.#functionNode.push(this.#functions.nodeOf[stack] as number);
      this.#category.push(frames.category.get(frame));
    }
  }

  /** What a page keeps of a thread: the weight of what is left out goes to the caller's self. */
  prune(thread: Thread): PrunedTree {
    const self = byWeight((weight) => this.#selfOf(thread, weight));
    const total = byWeight((weight) => totalsOf(this.#nodes, self[weight]));
    const { kept, left, share, whole } = this.#keptFunctions(self);
    const rows = new StackTable();
    const categories: number[] = [];
    const rowOfNode = new Int32Array(this.#nodes.length).fill(NO_STACK);
    const row = (prefix: number, place: number, category: number): number => {
      const made = rows.intern(prefix, place);
      categories[made] ??= category;
      return made;
    };
    // A line that is too narrow is a part of its function, whose callers' lines are not told apart either.
    const withoutLines = new Int32Array(this.#functions.length).fill(NO_STACK);
    const functionRow = (node: number, category: number): number => {
      if (node === NO_STACK) return NO_STACK;
      const known = withoutLines[node] as number;
      if (known !== NO_STACK) return known;
      const place = this.#places.intern(this.#functions.func(node), 0);
      const made = row(functionRow(this.#functions.prefix(node), category), place, category);
      withoutLines[node] = made;
      return made;
    };
    for (let node = 0; node < this.#nodes.length; node++) {
      if (WEIGHTS.every((weight) => total[weight][node] === 0)) continue;
      const prefix = this.#nodes.prefix.get(node);
      const caller = prefix === NO_STACK ? NO_STACK : (rowOfNode[prefix] as number);
      const functionNode = this.#functionNode.get(node);
      const isWide = WEIGHTS.some((w) => (total[w][node] as number) > share * whole[w]);
      const category = this.#category.get(node);
      if (kept[functionNode] === 0) rowOfNode[node] = caller;
      else if (isWide) rowOfNode[node] = row(caller, this.#nodes.frame.get(node), category);
      else rowOfNode[node] = functionRow(functionNode, category);
    }
    const weights = byWeight((weight) => {
      const sums = new Float64Array(rows.length);
      addUp(self[weight], rowOfNode, sums);
      return [...totalsOf(rows, sums)];
    });
    const places = [...rows.frame.view()];
    return {
      tree: {
        func: places.map((place) => this.#places.func.get(place)),
        line: places.map((place) => this.#places.line.get(place)),
        prefix: [...rows.prefix.view()],
        category: categories,
        total: weights,
        left,
      },
      rowOf: this.#nodeOf.map((node) => rowOfNode[node] as number),
    };
  }

  #selfOf(thread: Thread, weight: Weight): Float64Array {
    const self = new Float64Array(this.#nodes.length);
    const { stacks, weights } = weighStacks(this.#profile, thread, weight);
    for (const [i, stack] of stacks.entries()) {
      const node = this.#nodeOf[stack] as number;
      self[node] = (self[node] as number) + (weights[i] as number);
    }
    return self;
  }

  /** Which nodes of the tree of functions are wide enough, and not too deep. */
  #keptFunctions(selfOfNodes: Record<Weight, Float64Array>) {
    const tree = this.#functions;
    const prefix = new Int32Column();
    for (let node = 0; node < tree.length; node++) prefix.push(tree.prefix(node));
    const total = byWeight((weight) => {
      const self = new Float64Array(tree.length);
      addUp(selfOfNodes[weight], this.#functionNode.view(), self);
      return totalsOf({ prefix, length: tree.length }, self);
    });
    const whole = byWeight((weight) => selfOfNodes[weight].reduce((sum, value) => sum + value, 0));
    const share = tree.length > SMALL_TREE ? SMALLEST_SHARE : 0;
    const kept = new Uint8Array(tree.length);
    const depth = new Int32Array(tree.length);
    let left = 0;
    for (let node = 0; node < tree.length; node++) {
      const caller = tree.prefix(node);
      depth[node] = caller === NO_STACK ? 0 : (depth[caller] as number) + 1;
      if (WEIGHTS.every((weight) => total[weight][node] === 0)) continue;
      const isLost = caller !== NO_STACK && kept[caller] === 0;
      const isWide = WEIGHTS.some((w) => (total[w][node] as number) > share * whole[w]);
      if (isLost || !isWide || (depth[node] as number) >= DEEPEST) left++;
      else kept[node] = 1;
    }
    return { kept, left, share, whole };
  }
}

/** Adds each node's number to its row's. */
function addUp(values: Float64Array, rowOf: Int32Array, sums: Float64Array): void {
  for (const [node, value] of values.entries()) {
    const row = rowOf[node] as number;
    if (row !== NO_STACK) sums[row] = (sums[row] as number) + value;
  }
}

/** Callers have lower numbers than those they call. */
function totalsOf(
  { prefix, length }: { readonly prefix: Int32Column; readonly length: number },
  self: Float64Array,
): Float64Array {
  const total = self.slice();
  for (let node = length - 1; node >= 0; node--) {
    const caller = prefix.get(node);
    if (caller !== NO_STACK) total[caller] = (total[caller] as number) + (total[node] as number);
  }
  return total;
}

/** One for each weight. */
export function byWeight<T>(of: (weight: Weight) => T): Record<Weight, T> {
  return { samples: of('samples'), wall: of('wall'), cpu: of('cpu') };
}
