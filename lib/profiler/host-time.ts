import type { Profile } from '../profile/profile.js';
import { SampleTable } from '../profile/sample-table.js';
import type { StackIndex } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import type { HostCall } from './host-calls.js';

/**
 * The samples of a thread, and one more for each tick that fell into a host call: the stack that
 * called, and the import on top of it. Markers have the profile's stacks by now.
 *
 * A tick in a host call is noticed when the guest is back, as a sample of the guest:
 *
 * ```
 * ticks     |     |     |     |     |         before: a a     b   b
 * guest     aaaaaaa             bbbbbb        after:  a h h h h   b
 * host             hhhhhhhhhhhhh              the first sample back becomes the last of the host
 * ```
 */
export function withHostTime(
  profile: Profile,
  thread: Thread,
  hostCalls: readonly HostCall[],
): SampleTable {
  const { samples } = thread;
  const calls = withStacks(profile, thread, hostCalls);
  const filled = new SampleTable();
  const { intervalMs } = profile;
  let next = 0;
  let last = thread.startMs;
  /** The call at that time; times are asked for in order. */
  const callAt = (timeMs: number): StackedCall | undefined => {
    while ((calls[next]?.endMs ?? Number.POSITIVE_INFINITY) <= timeMs) next++;
    const call = calls[next];
    return call !== undefined && call.startMs <= timeMs ? call : undefined;
  };
  const fill = (untilMs: number, real: StackIndex, cpuDeltaMs: number): void => {
    const hosts: { timeMs: number; stack: StackIndex }[] = [];
    let lastTick: StackedCall | undefined;
    const ticks = Math.floor((untilMs - last) / intervalMs + 1e-6);
    for (let tick = 1; tick <= ticks; tick++) {
      const timeMs = last + tick * intervalMs;
      lastTick = callAt(timeMs);
      if (lastTick !== undefined) hosts.push({ timeMs, stack: lastTick.stack });
    }
    // The last tick is the sample itself: seen late, or in the guest that the host called back.
    if (lastTick !== undefined) hosts.pop();
    const isLate = lastTick !== undefined && callAt(untilMs) !== lastTick;
    const share = cpuDeltaMs / (hosts.length + 1);
    for (const { timeMs, stack } of hosts) filled.push(stack, timeMs, share);
    filled.push(isLate ? (lastTick as StackedCall).stack : real, untilMs, share);
    last = untilMs;
  };
  for (let row = 0; row < samples.length; row++) {
    fill(samples.time.get(row), samples.stack.get(row), samples.cpuDelta.get(row));
  }
  // What the guest never came back to be seen from.
  const endMs = thread.endMs ?? last;
  for (let timeMs = last + intervalMs; timeMs <= endMs; timeMs += intervalMs) {
    const call = callAt(timeMs);
    if (call !== undefined) filled.push(call.stack, timeMs, 0);
  }
  return filled;
}

/** A host call, with its stack. */
interface StackedCall extends HostCall {
  readonly stack: StackIndex;
}

function withStacks(
  profile: Profile,
  { markers }: Thread,
  calls: readonly HostCall[],
): StackedCall[] {
  const category = profile.categories.intern('Host', 'yellow');
  return calls.map((call) => {
    // The import's frame has no address and no module, since it is the host's.
    const func = profile.funcs.intern({ name: markers.name.get(call.marker) });
    const frame = profile.frames.intern({ func, category });
    return { ...call, stack: profile.stacks.intern(markers.cause.get(call.marker), frame) };
  });
}
