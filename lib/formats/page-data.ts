/** What a page shows of a profile: sums, so that it is small whatever the number of samples. */

import { CallTree } from '../profile/call-tree.js';
import type { Counter } from '../profile/counter.js';
import { funcPlace } from '../profile/func-place.js';
import { hostCallsOf } from '../profile/host-calls.js';
import { functionWeights, hottestLines } from '../profile/hot-functions.js';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS, type Weight, weighStacks } from '../profile/sample-weight.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import type { PageCounter, PageData, PageFunction, PageThread } from './page-types.js';
import { shortName, shortPath } from './short-name.js';

/** A share of the whole below which a call path is narrower than a pixel. */
const SMALLEST_SHARE = 1 / 20_000;
/** Trees of fewer nodes are kept whole. */
const SMALL_TREE = 20_000;
/** Frames that a page can show one upon the other. */
const DEEPEST = 1000;
/** Points of a counter's line. */
const POINTS = 1000;

/** Characters of a name: a browser takes minutes to lay out a megabyte in one line. */
const LONGEST_NAME = 1000;

/** All that a page needs of a profile. */
export function pageData(profile: Profile): PageData {
  const tree = new CallTree(profile);
  return {
    name: label(profile.product),
    intervalMs: profile.intervalMs,
    startTimeUnixMs: profile.startTimeUnixMs,
    functions: Array.from({ length: profile.funcs.length }, (_, func) =>
      pageFunction(profile, func),
    ),
    categories: [...profile.categories].map(({ name, color }) => ({ name, color })),
    threads: profile.threads.map((thread) => pageThread(profile, tree, thread)),
    counters: profile.counters.map(pageCounter),
  };
}

function label(name: string): string {
  return shortName(name, LONGEST_NAME);
}

function pageFunction(profile: Profile, func: number): PageFunction {
  const { name, module, file } = funcPlace(profile, func);
  const path = shortPath(file ?? '', LONGEST_NAME);
  return { name: label(name), module: label(module ?? ''), file: path };
}

function pageThread(profile: Profile, tree: CallTree, thread: Thread): PageThread {
  const self = byWeight((weight) => selfOfNodes(profile, tree, thread, weight));
  const { time, length } = thread.samples;
  return {
    name: label(thread.name),
    samples: length,
    durationMs: (thread.endMs ?? (length > 0 ? time.get(length - 1) : 0)) - thread.startMs,
    tree: prunedTree(profile, tree, self),
    functions: pageFunctions(profile, thread),
    hostCalls: hostCallsOf(profile, thread).map((call) => ({ ...call, name: label(call.name) })),
  };
}

function selfOfNodes(
  profile: Profile,
  tree: CallTree,
  thread: Thread,
  weight: Weight,
): Float64Array {
  const self = new Float64Array(tree.length);
  const { stacks, weights } = weighStacks(profile, thread, weight);
  for (const [i, stack] of stacks.entries()) {
    const node = tree.nodeOf[stack] as number;
    self[node] = (self[node] as number) + (weights[i] as number);
  }
  return self;
}

/** The tree without what is too narrow or too deep to be seen: its weight goes to the caller's self. */
function prunedTree(
  profile: Profile,
  tree: CallTree,
  self: Record<Weight, Float64Array>,
): PageThread['tree'] {
  const total = byWeight((weight) => totalsOf(tree, self[weight]));
  const whole = byWeight((weight) => self[weight].reduce((sum, value) => sum + value, 0));
  const share = tree.length > SMALL_TREE ? SMALLEST_SHARE : 0;
  const kept = new Int32Array(tree.length).fill(NO_STACK);
  const depth = new Int32Array(tree.length);
  const pruned = { func: [] as number[], prefix: [] as number[], category: [] as number[] };
  const weights = byWeight((): number[] => []);
  const categoryOf = categoriesOfNodes(profile, tree);
  let left = 0;
  for (let node = 0; node < tree.length; node++) {
    const prefix = tree.prefix(node);
    const parent = prefix === NO_STACK ? NO_STACK : (kept[prefix] as number);
    depth[node] = prefix === NO_STACK ? 0 : (depth[prefix] as number) + 1;
    const isSeen = WEIGHTS.some((weight) => total[weight][node] !== 0);
    if (!isSeen) continue;
    const isLost = prefix !== NO_STACK && parent === NO_STACK;
    const isWide = WEIGHTS.some((w) => (total[w][node] as number) > share * whole[w]);
    if (isLost || !isWide || (depth[node] as number) >= DEEPEST) {
      left++;
      continue;
    }
    kept[node] = pruned.func.push(tree.func(node)) - 1;
    pruned.prefix.push(parent);
    pruned.category.push(categoryOf[node] as number);
    for (const weight of WEIGHTS) weights[weight].push(total[weight][node] as number);
  }
  return { ...pruned, total: weights, left };
}

/** Callers have lower numbers than those they call. */
function totalsOf(tree: CallTree, self: Float64Array): Float64Array {
  const total = self.slice();
  for (let node = tree.length - 1; node >= 0; node--) {
    const prefix = tree.prefix(node);
    if (prefix !== NO_STACK) {
      total[prefix] = (total[prefix] as number) + (total[node] as number);
    }
  }
  return total;
}

function categoriesOfNodes(profile: Profile, tree: CallTree): Int32Array {
  const categories = new Int32Array(tree.length);
  for (const [stack, node] of tree.nodeOf.entries()) {
    categories[node] = profile.frames.category.get(profile.stacks.frame.get(stack));
  }
  return categories;
}

function pageFunctions(profile: Profile, thread: Thread): PageThread['functions'] {
  const lines = hottestLines(profile, thread);
  const rows = new Map<number, { self: number[]; total: number[] }>();
  for (const [i, weight] of WEIGHTS.entries()) {
    for (const { func, self, total } of functionWeights(profile, [thread], weight)) {
      const row = rows.get(func) ?? { self: [0, 0, 0], total: [0, 0, 0] };
      row.self[i] = self;
      row.total[i] = total;
      rows.set(func, row);
    }
  }
  return [...rows].map(([func, { self, total }]) => ({
    func,
    line: lines.get(func) ?? 0,
    self: byWeight((weight) => self[WEIGHTS.indexOf(weight)] as number),
    total: byWeight((weight) => total[WEIGHTS.indexOf(weight)] as number),
  }));
}

function pageCounter(counter: Counter): PageCounter {
  const { unit, graph } = counter;
  const name = label(counter.name);
  if (graph === 'level') return { name, unit, points: levels(counter) };
  return {
    name,
    unit: unit === 'milliseconds' ? 'share' : `${unit} per ms`,
    points: rates(counter),
  };
}

/** How fast it grew from one reading to the next, or over a stretch of many. */
function rates({ time, value, length }: Counter): [number, number][] {
  const stretch = Math.max(1, Math.ceil((2 * length) / POINTS));
  const points: [number, number][] = [];
  for (let from = 0; from < length - 1; from += stretch) {
    const to = Math.min(from + stretch, length - 1);
    const [start, end] = [time.get(from), time.get(to)];
    const rate = end > start ? (value.get(to) - value.get(from)) / (end - start) : 0;
    points.push([start, rate], [end, rate]);
  }
  return points;
}

/** Of many readings, those that a line of some hundred pixels can show: each stretch's highest. */
function levels({ time, value, length }: Counter): [number, number][] {
  const stretch = Math.max(1, Math.ceil(length / POINTS));
  const points: [number, number][] = [];
  for (let from = 0; from < length; from += stretch) {
    let highest = from;
    for (let row = from; row < Math.min(from + stretch, length); row++) {
      if (value.get(row) > value.get(highest)) highest = row;
    }
    points.push([time.get(highest), value.get(highest)]);
  }
  return points;
}

function byWeight<T>(of: (weight: Weight) => T): Record<Weight, T> {
  return { samples: of('samples'), wall: of('wall'), cpu: of('cpu') };
}
