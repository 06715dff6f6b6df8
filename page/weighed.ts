import type { PageData, PageThread } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';
import type { Shape } from './shape.js';

export type Weights = Readonly<Record<Weight, Float64Array>>;

/** Milliseconds since the profile's start. */
export type Range = readonly [from: number, to: number];

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

/** Adds up what was chosen, each weight when it is first asked for. */
export function weigh(data: PageData, thread: PageThread, shape: Shape, chosen: Chosen): Weighed {
  const { range, hidden } = chosen;
  const rows = each((weight) => {
    const self = range === undefined ? selfOfRows(thread, weight) : inRange(thread, weight, range);
    const { category } = thread.tree;
    for (let row = 0; row < self.length && hidden.size > 0; row++) {
      if (hidden.has(category[row] as number)) self[row] = 0;
    }
    return self;
  });
  const self = each((weight) => byNode(shape, rows[weight]));
  const total = each((weight) => totals(shape.prefix, self[weight]));
  const ofFunctions = (values: Float64Array, all: boolean) => {
    const sums = new Float64Array(data.functions.length);
    for (let node = 0; node < shape.length; node++) {
      if (!all && shape.outermost[node] === 0) continue;
      const func = shape.func[node] as number;
      sums[func] = (sums[func] as number) + (values[node] as number);
    }
    return sums;
  };
  const { before, noise } = thread.tree;
  return {
    ...{ shape, rows, self, total },
    functionSelf: each((weight) => ofFunctions(self[weight], true)),
    functionTotal: each((weight) => ofFunctions(total[weight], false)),
    whole: each((weight) => {
      const values = self[weight];
      let sum = 0;
      for (let node = 0; node < shape.length; node++) sum += values[node] as number;
      return sum;
    }),
    // A comparison's rows are its nodes.
    before: before && Float64Array.from(before),
    noise: noise && Uint8Array.from(noise),
  };
}

function selfOfRows({ tree }: PageThread, weight: Weight): Float64Array {
  const total = tree.total[weight];
  const self = new Float64Array(total.length);
  for (let row = 0; row < total.length; row++) {
    const prefix = tree.prefix[row] as number;
    self[row] = total[row] as number;
    if (prefix >= 0) self[prefix] = (self[prefix] as number) - (total[row] as number);
  }
  return self;
}

function inRange(thread: PageThread, weight: Weight, [from, to]: Range): Float64Array {
  const { tree, order, samples } = thread;
  const self = new Float64Array(tree.func.length);
  if (order === undefined) return self;
  let micros = order.startMs * MICROS_PER_MS;
  for (let slice = 0; slice < order.node.length; slice++) {
    micros += order.took[slice] as number;
    const row = order.node[slice] as number;
    if (row < 0 || micros < from * MICROS_PER_MS || micros > to * MICROS_PER_MS) continue;
    const added = {
      samples: Math.min(order.each, samples - slice * order.each),
      wall: (order.took[slice] as number) * NANOS_PER_MICRO,
      cpu: (order.cpu[slice] as number) * NANOS_PER_MICRO,
    };
    self[row] = (self[row] as number) + added[weight];
  }
  return self;
}

function byNode(shape: Shape, rows: Float64Array): Float64Array {
  const sums = new Float64Array(shape.length);
  for (let row = 0; row < rows.length; row++) {
    const node = shape.nodeOf[row] as number;
    if (node >= 0) sums[node] = (sums[node] as number) + (rows[row] as number);
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

/** One for each weight, made when it is asked for. */
function each<T>(of: (weight: Weight) => T): Readonly<Record<Weight, T>> {
  const made = new Map<Weight, T>();
  const get = (weight: Weight): T => {
    if (!made.has(weight)) made.set(weight, of(weight));
    return made.get(weight) as T;
  };
  return {
    get samples() {
      return get('samples');
    },
    get wall() {
      return get('wall');
    },
    get cpu() {
      return get('cpu');
    },
  };
}
