import type { Weight } from '../lib/profile/sample-weight.js';
import type { Weighed } from './weighed.js';

/** A box of a chart: call paths that the chart doesn't tell apart. */
export interface Box {
  /** −1 for the root, which stands for all. */
  readonly func: number;
  readonly category: number;
  readonly depth: number;
  /** Where it begins, in the unit of weights. */
  readonly start: number;
  readonly value: number;
  readonly parent: Box | undefined;
  /** The nodes whose weight it has. */
  readonly origins: readonly number[];
  /** Of each origin, how far the way to its callers has come; among callees, the origin itself. */
  readonly cursors: readonly number[];
  /** Made when they are first looked at. */
  children?: readonly Box[];
}

/** What grows out of a root box: callees, or callers. */
export interface Growth {
  readonly root: Box;
  readonly weighed: Weighed;
  readonly weight: Weight;
  /** Boxes upon a box, the widest first. */
  grow(box: Box): readonly Box[];
}

/** The call tree, each callee beside those that are called less. */
export function leftHeavy(weighed: Weighed, weight: Weight): Growth {
  return callees(weighed, weight, -1, [...weighed.shape.callees(-1)]);
}

/** Turned inside out: functions by what they ran themselves, and upon each its callers. */
export function inverted(weighed: Weighed, weight: Weight): Growth {
  const values = weighed.self[weight];
  const origins: number[] = [];
  for (let node = 0; node < values.length; node++) {
    if ((values[node] as number) > 0) origins.push(node);
  }
  return callers(weighed, weight, -1, origins, values);
}

/** Everything that a function calls, wherever it is called. */
export function calleesOf(weighed: Weighed, weight: Weight, func: number): Growth {
  return callees(weighed, weight, func, outermost(weighed, func));
}

/** Everything that calls a function. */
export function callersOf(weighed: Weighed, weight: Weight, func: number): Growth {
  return callers(weighed, weight, func, outermost(weighed, func), weighed.total[weight]);
}

function outermost({ shape }: Weighed, func: number): number[] {
  const found: number[] = [];
  for (let node = 0; node < shape.length; node++) {
    if (shape.func[node] === func && shape.outermost[node] === 1) found.push(node);
  }
  return found;
}

function callees(weighed: Weighed, weight: Weight, func: number, nodes: number[]): Growth {
  const { shape } = weighed;
  const values = weighed.total[weight];
  const root = rootBox(weighed, func, nodes, nodes, values);
  const grow = (box: Box): readonly Box[] => {
    if (box === root && func < 0) return group(weighed, box, nodes, nodes, values);
    const next = box.cursors.flatMap((node) => [...shape.callees(node)]);
    return group(weighed, box, next, next, values);
  };
  return { root, weighed, weight, grow: remembered(grow) };
}

function callers(
  weighed: Weighed,
  weight: Weight,
  func: number,
  origins: number[],
  values: Float64Array,
): Growth {
  const { prefix } = weighed.shape;
  const root = rootBox(weighed, func, origins, origins, values);
  const grow = (box: Box): readonly Box[] => {
    if (box === root && func < 0) return group(weighed, box, origins, origins, values);
    const next: number[] = [];
    const from: number[] = [];
    for (const [i, node] of box.cursors.entries()) {
      const caller = prefix[node] as number;
      if (caller < 0) continue;
      next.push(caller);
      from.push(box.origins[i] as number);
    }
    return group(weighed, box, next, from, values);
  };
  return { root, weighed, weight, grow: remembered(grow) };
}

function remembered(grow: (box: Box) => readonly Box[]): (box: Box) => readonly Box[] {
  return (box) => {
    box.children ??= grow(box);
    return box.children;
  };
}

function rootBox(
  { shape }: Weighed,
  func: number,
  cursors: number[],
  origins: number[],
  values: Float64Array,
): Box {
  const value = origins.reduce((sum, node) => sum + (values[node] as number), 0);
  const category = func < 0 ? 0 : (shape.category[cursors[0] ?? -1] ?? 0);
  return { func, category, depth: 0, start: 0, value, parent: undefined, cursors, origins };
}

/** A box for each function of the cursors. */
function group(
  { shape }: Weighed,
  parent: Box,
  cursors: readonly number[],
  origins: readonly number[],
  values: Float64Array,
): Box[] {
  const groups = new Map<number, { value: number; cursors: number[]; origins: number[] }>();
  for (const [i, node] of cursors.entries()) {
    const value = values[origins[i] as number] as number;
    if (!(value > 0)) continue;
    const func = shape.func[node] as number;
    let known = groups.get(func);
    if (known === undefined) {
      known = { value: 0, cursors: [], origins: [] };
      groups.set(func, known);
    }
    known.value += value;
    known.cursors.push(node);
    known.origins.push(origins[i] as number);
  }
  let { start } = parent;
  return [...groups]
    .sort(([a, { value: less }], [b, { value: more }]) => more - less || a - b)
    .map(([func, rest]) => {
      const category = shape.category[rest.cursors[0] as number] as number;
      const box: Box = { func, category, depth: parent.depth + 1, start, parent, ...rest };
      start += rest.value;
      return box;
    });
}
