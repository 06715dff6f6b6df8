import type { Int32Log } from '../profile/column.js';
import { hostCallName } from '../profile/host-calls.js';
import type { Profile } from '../profile/profile.js';
import { SampleTable } from '../profile/sample-table.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import type { HostCall } from './host-calls.js';

/**
 * The samples of a thread, and one more for each tick that fell into a host call: the stack that
 * called, and the import on top of it. Markers have the profile's stacks by now.
 *
 * Recorders with a ticker have left those ticks out, and tell in rows `away` of the CPU time in between:
 *
 * ```
 * ticks     |     |     |     |     |         before: a         . b   b
 * guest     aaaaaaa             bbbbbb        after:  a h h h     b   b
 * host             hhhhhhhhhhhhh
 * ```
 *
 * Without `away`, ticks are the user's, and one in a host call was noticed when the guest was back, as a sample of it:
 * the first sample back becomes the last of the host.
 */
export function withHostTime(
  profile: Profile,
  thread: Thread,
  hostCalls: readonly HostCall[],
  away?: Int32Log,
): SampleTable {
  const filled = new SampleTable();
  const host = new HostTicks(withStacks(profile, thread, hostCalls), profile.intervalMs);
  const { lastMs, restMs } =
    away === undefined ? fillLate(filled, host, thread) : fillBetween(filled, host, thread, away);
  // What the guest never came back to be seen from.
  const ticks = Math.floor(((thread.endMs ?? lastMs) - lastMs) / profile.intervalMs + 1e-6);
  pushAll(filled, host.between(lastMs, ticks), restMs);
  return filled;
}

/** When the last sample was, and the CPU time of others since. */
interface Filled {
  readonly lastMs: number;
  readonly restMs: number;
}

/** With samples that are the guest's own. */
function fillBetween(
  filled: SampleTable,
  host: HostTicks,
  { samples, startMs }: Thread,
  away: Int32Log,
): Filled {
  let lastMs = startMs;
  let next = 0;
  /** Of others, since the last sample. */
  let cpuMs = 0;
  let awayMs = lastMs;
  for (let row = 0; row < samples.length; row++) {
    const timeMs = samples.time.get(row);
    if (next < away.length && away.get(next) === row) {
      next++;
      cpuMs += samples.cpuDelta.get(row);
      awayMs = timeMs;
      continue;
    }
    // The last tick is the sample itself.
    const ticks = Math.max(1, Math.round((timeMs - lastMs) / host.intervalMs));
    const hosts = host.between(lastMs, ticks - 1);
    pushAll(filled, hosts, cpuMs);
    if (hosts.length === 0 && cpuMs > 0) filled.push(NO_STACK, awayMs, cpuMs);
    cpuMs = 0;
    filled.push(samples.stack.get(row), timeMs, samples.cpuDelta.get(row));
    lastMs = timeMs;
  }
  return { lastMs, restMs: cpuMs };
}

/** With samples at the user's ticks, each of which may have been in the host. */
function fillLate(filled: SampleTable, host: HostTicks, { samples, startMs }: Thread): Filled {
  let lastMs = startMs;
  for (let row = 0; row < samples.length; row++) {
    const timeMs = samples.time.get(row);
    const ticks = Math.floor((timeMs - lastMs) / host.intervalMs + 1e-6);
    const hosts = host.between(lastMs, ticks);
    // The last tick is the sample itself: seen late, or in the guest that the host called back.
    const late = hosts.at(-1)?.tick === ticks ? hosts.pop() : undefined;
    const isLate = late !== undefined && host.callAt(timeMs)?.startMs !== late.startMs;
    const share = samples.cpuDelta.get(row) / (hosts.length + 1);
    pushAll(filled, hosts, share * hosts.length);
    filled.push(isLate ? late.stack : samples.stack.get(row), timeMs, share);
    lastMs = timeMs;
  }
  return { lastMs, restMs: 0 };
}

function pushAll(filled: SampleTable, hosts: readonly HostTick[], cpuMs: number): void {
  for (const { timeMs, stack } of hosts) filled.push(stack, timeMs, cpuMs / hosts.length);
}

/** A tick in a host call. */
interface HostTick extends StackedCall {
  /** Its number, from 1. */
  readonly tick: number;
  readonly timeMs: number;
}

/** Ticks in host calls; times are asked for in order. */
class HostTicks {
  readonly #calls: readonly StackedCall[];
  readonly intervalMs: number;
  #next = 0;

  constructor(calls: readonly StackedCall[], intervalMs: number) {
    this.#calls = calls;
    this.intervalMs = intervalMs;
  }

  /** The call at that time. */
  callAt(timeMs: number): StackedCall | undefined {
    const calls = this.#calls;
    while ((calls[this.#next]?.endMs ?? Number.POSITIVE_INFINITY) <= timeMs) this.#next++;
    const call = calls[this.#next];
    return call !== undefined && call.startMs <= timeMs ? call : undefined;
  }

  /** Of so many ticks after `startMs`, those in host calls. */
  between(startMs: number, ticks: number): HostTick[] {
    const hosts: HostTick[] = [];
    for (let tick = 1; tick <= ticks; tick++) {
      const timeMs = startMs + tick * this.intervalMs;
      const call = this.callAt(timeMs);
      if (call !== undefined) hosts.push({ ...call, tick, timeMs });
    }
    return hosts;
  }
}

/** A host call, with its stack. */
interface StackedCall extends HostCall {
  readonly stack: StackIndex;
}

function withStacks(profile: Profile, thread: Thread, calls: readonly HostCall[]): StackedCall[] {
  const category = profile.categories.intern('Host', 'yellow');
  return calls.map((call) => {
    const name = hostCallName(profile, thread, call.marker);
    // The import's frame has no address and no module, since it is the host's.
    const func = profile.funcs.intern({ name: profile.strings.intern(name) });
    const frame = profile.frames.intern({ func, category });
    return { ...call, stack: profile.stacks.intern(thread.markers.cause.get(call.marker), frame) };
  });
}
