/** When samples were: what a page's time order and its selections of time are made of. */

import type { Profile } from '../profile/profile.js';
import { sampleWeights } from '../profile/sample-weight.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import type { PageOrder } from './page-types.js';

/** Of more samples, some stand for those around them. */
const SLICES = 50_000;
const NANOS_PER_MICRO = 1000;
const NANOS_PER_MS = 1e6;

/** A thread's samples in the order of time; `rowOf` has the row of each stack in the page's tree. */
export function pageOrder(profile: Profile, thread: Thread, rowOf: Int32Array): PageOrder {
  const { stack, time, length } = thread.samples;
  const each = Math.max(1, Math.ceil(length / SLICES));
  const wallOf = sampleWeights(profile, thread, 'wall');
  const cpuOf = sampleWeights(profile, thread, 'cpu');
  const startMs = length === 0 ? thread.startMs : time.get(0) - wallOf(0) / NANOS_PER_MS;
  const order = { node: [] as number[], took: [] as number[], cpu: [] as number[] };
  // Sums are rounded, so that no slice is off by more than one microsecond, however many there are.
  let [wall, cpu, wallTold, cpuTold] = [0, 0, 0, 0];
  for (let from = 0; from < length; from += each) {
    const to = Math.min(from + each, length);
    for (let sample = from; sample < to; sample++) {
      wall += wallOf(sample) / NANOS_PER_MICRO;
      cpu += cpuOf(sample) / NANOS_PER_MICRO;
    }
    const chosen = stack.get(from + (spread(from) % (to - from)));
    order.node.push(chosen === NO_STACK ? NO_STACK : (rowOf[chosen] as number));
    order.took.push(Math.round(wall) - wallTold);
    order.cpu.push(Math.round(cpu) - cpuTold);
    wallTold = Math.round(wall);
    cpuTold = Math.round(cpu);
  }
  return { startMs, each, ...order };
}

/** A number that doesn't keep step with what the guest does again and again, the same in each run. */
function spread(from: number): number {
  const mixed = Math.imul(from ^ (from >>> 16), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
