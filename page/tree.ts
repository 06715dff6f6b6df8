import type { PageData, PageThread } from '../lib/formats/page-types.js';
import type { Weight } from '../lib/profile/sample-weight.js';

/** A frame of the flame graph, as d3-flame-graph takes them. */
export interface Frame {
  readonly name: string;
  readonly file: string;
  readonly category: number;
  /** What it called included. */
  readonly value: number;
  /** In a comparison, what it was before. */
  readonly before: number;
  /** In a comparison, whether the change is within noise. */
  readonly noise: boolean;
  readonly children: Frame[];
}

/** The flame graph's frames under one that stands for the thread. */
export function frames(data: PageData, thread: PageThread, weight: Weight): Frame {
  const { func, prefix, category, total, before, noise } = thread.tree;
  const made: Frame[] = [];
  const roots: Frame[] = [];
  // Callers come before those they call.
  for (let row = 0; row < func.length; row++) {
    const { name = '', file = '', module = '' } = data.functions[func[row] as number] ?? {};
    const frame: Frame = {
      name,
      file: file || module,
      category: category[row] as number,
      value: total[weight][row] as number,
      before: before?.[row] ?? 0,
      noise: noise?.[row] === 1,
      children: [],
    };
    made.push(frame);
    const caller = made[prefix[row] as number];
    (caller?.children ?? roots).push(frame);
  }
  const sum = (of: (frame: Frame) => number) =>
    roots.reduce((total, frame) => total + of(frame), 0);
  const value = sum((frame) => frame.value);
  const beforeAll = sum((frame) => frame.before);
  return {
    ...{ name: thread.name, file: '', category: 0, value, before: beforeAll, children: roots },
    noise: roots.every(({ noise }) => noise),
  };
}
