import type { PageData, PageThread } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import type { Shape } from './shape.js';

export type Weights = Readonly<Record<Weight, Float64Array>>;

/** Milliseconds since the profile's start. */
export type Range = readonly [from: number, to: number];

const WEIGHTS = ['samples', 'wall', 'cpu'] as const;
const NANOS_PER_MICRO = 1000;
const MICROS_PER_MS = 1000;

/** What of a thread's samples counts. */
export interface Chosen {
  /** All of them if undefined. */
  readonly range: Range | undefined;
  /** Categories whose samples are left out: those that ended in such a frame. */
  readonly hidden: ReadonlySet<number>;
}

/** The weights of the samples chosen, by row of the page's tree, by node, and by function. */
export interface Weighed {
  readonly shape: Shape;
  readonly rows: Weights;
  readonly self: Weights;
  /** What it called included. */
  readonly total: Weights;
  /** By function. */
  readonly functionSelf: Weights;
  readonly functionTotal: Weights;
  readonly whole: Readonly<Record<Weight, number>>;
  /** In a comparison. */
  readonly before: Float64Array | undefined;
  readonly noise: Uint8Array | undefined;
}

/** Adds up what was chosen. */
export function weigh(data: PageData, thread: PageThread, shape: Shape, chosen: Chosen): Weighed {
  const rows = chosen.range === undefined ? selfOfRows(thread) : inRange(thread, chosen.range);
  for (const [row, category] of thread.tree.category.entries()) {
    if (chosen.hidden.has(category)) for (const weight of WEIGHTS) rows[weight][row] = 0;
  }
  const self = each((weight) => byNode(shape, rows[weight]));
  const total = each((weight) => totals(shape.prefix, self[weight]));
  const ofFunctions = (of: Weights, all: boolean) =>
    each((weight) => {
      const sums = new Float64Array(data.functions.length);
      for (let node = 0; node < shape.length; node++) {
        if (!all && shape.outermost[node] === 0) continue;
        const func = shape.func[node] as number;
        sums[func] = (sums[func] as number) + (of[weight][node] as number);
      }
      return sums;
    });
  const { before, noise } = thread.tree;
  return {
    ...{ shape, rows, self, total },
    functionSelf: ofFunctions(self, true),
    functionTotal: ofFunctions(total, false),
    whole: each((weight) => self[weight].reduce((sum, value) => sum + value, 0)),
    // A comparison's rows are its nodes.
    before: before && Float64Array.from(before),
    noise: noise && Uint8Array.from(noise),
  };
}

function selfOfRows({ tree }: PageThread): Weights {
  return each((weight) => {
    const self = Float64Array.from(tree.total[weight]);
    for (const [row, total] of tree.total[weight].entries()) {
      const prefix = tree.prefix[row] as number;
      if (prefix >= 0) self[prefix] = (self[prefix] as number) - total;
    }
    return self;
  });
}

function inRange({ tree, order, samples }: PageThread, [from, to]: Range): Weights {
  const rows = each(() => new Float64Array(tree.func.length));
  if (order === undefined) return rows;
  let micros = order.startMs * MICROS_PER_MS;
  for (const [slice, took] of order.took.entries()) {
    micros += took;
    const row = order.node[slice] as number;
    if (row < 0 || micros < from * MICROS_PER_MS || micros > to * MICROS_PER_MS) continue;
    const count = Math.min(order.each, samples - slice * order.each);
    rows.samples[row] = (rows.samples[row] as number) + count;
    rows.wall[row] = (rows.wall[row] as number) + took * NANOS_PER_MICRO;
    const cpu = (order.cpu[slice] as number) * NANOS_PER_MICRO;
    rows.cpu[row] = (rows.cpu[row] as number) + cpu;
  }
  return rows;
}

function byNode(shape: Shape, rows: Float64Array): Float64Array {
  const sums = new Float64Array(shape.length);
  for (const [row, value] of rows.entries()) {
    const node = shape.nodeOf[row] as number;
    if (node >= 0) sums[node] = (sums[node] as number) + value;
  }
  return sums;
}

/** Callers have lower numbers than those they call. */
function totals(prefix: Int32Array, self: Float64Array): Float64Array {
  const total = self.slice();
  for (let node = prefix.length - 1; node >= 0; node--) {
    const caller = prefix[node] as number;
    if (caller >= 0) total[caller] = (total[caller] as number) + (total[node] as number);
  }
  return total;
}

function each<T>(of: (weight: Weight) => T): Record<Weight, T> {
  return { samples: of('samples'), wall: of('wall'), cpu: of('cpu') };
}
