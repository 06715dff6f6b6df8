import type { PageThread } from '../lib/formats/page-types.js';
import type { Shape } from './shape.js';

/** Boxes of one depth in the order of time: milliseconds since the profile's start. */
export interface Level {
  readonly from: number[];
  readonly to: number[];
  readonly node: number[];
}

const MICROS_PER_MS = 1000;

/** Stacks by time: what neighbouring samples have in common is one box. Hidden categories leave a gap. */
export function timeBoxes(thread: PageThread, shape: Shape, hidden: ReadonlySet<number>): Level[] {
  const levels: Level[] = [];
  const { order, tree } = thread;
  if (order === undefined) return levels;
  const open: { node: number; from: number }[] = [];
  const close = (depth: number, time: number): void => {
    while (open.length > depth) {
      const { node, from } = open.pop() as { node: number; from: number };
      levels[open.length] ??= { from: [], to: [], node: [] };
      const level = levels[open.length] as Level;
      level.from.push(from);
      level.to.push(time);
      level.node.push(node);
    }
  };
  const path: number[] = [];
  let micros = order.startMs * MICROS_PER_MS;
  for (const [slice, row] of order.node.entries()) {
    const start = micros / MICROS_PER_MS;
    micros += order.took[slice] as number;
    const isHidden = row < 0 || hidden.has(tree.category[row] as number);
    path.length = 0;
    for (
      let node = isHidden ? -1 : (shape.nodeOf[row] as number);
      node >= 0 && open[shape.depth[node] as number]?.node !== node;
      node = shape.prefix[node] as number
    ) {
      path.push(node);
    }
    const deepest = path.at(-1);
    const leaf = isHidden ? -1 : (shape.nodeOf[row] as number);
    // What stays open: all below the first that differs.
    const common =
      leaf < 0
        ? 0
        : deepest === undefined
          ? (shape.depth[leaf] as number) + 1
          : (shape.depth[deepest] as number);
    close(common, start);
    for (let node = path.pop(); node !== undefined; node = path.pop())
      open.push({ node, from: start });
  }
  close(0, micros / MICROS_PER_MS);
  return levels;
}

/** The first box that ends after a time. */
export function firstAfter({ to }: Level, time: number): number {
  let [low, high] = [0, to.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((to[middle] as number) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
