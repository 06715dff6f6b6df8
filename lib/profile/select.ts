import type { FuncIndex } from './func-table.js';
import { MarkerPhase, MarkerTable } from './marker-table.js';
import type { Profile } from './profile.js';
import { type Milliseconds, SampleTable } from './sample-table.js';
import { NO_STACK } from './stack-table.js';
import type { Thread } from './thread.js';

/** Which samples of a profile count, and what of their stacks. All that is given must hold. */
export interface Selection {
  /** Milliseconds since the profile's start, both included. */
  readonly fromMs?: Milliseconds;
  readonly toMs?: Milliseconds;
  /** The number of a thread, which must be there. */
  readonly thread?: number;
  /** Samples with a function on the stack whose name it finds. */
  readonly focus?: RegExp;
  /** Samples without one. */
  readonly ignore?: RegExp;
  /** Samples with a function of this name on the stack: it becomes the outermost one. */
  readonly root?: string;
  /** What was inlined counts for the function around it. */
  readonly foldInlined?: boolean;
}

/**
 * Takes all else out of the profile. A sample whose stack doesn't count stays as one that saw no function, so that
 * the others keep their time.
 */
export function select(profile: Profile, selection: Selection): void {
  const { thread, fromMs = -Infinity, toMs = Infinity } = selection;
  if (thread !== undefined) {
    profile.threads.splice(0, profile.threads.length, ...profile.threads.slice(thread, thread + 1));
  }
  const stackOf = selectedStacks(profile, selection);
  for (const thread of profile.threads) selectOf(thread, stackOf, fromMs, toMs);
}

/** Whether any function that samples saw has a name that fits. */
export function sawFunction(profile: Profile, fits: (name: string) => boolean): boolean {
  const { frames } = profile;
  const seen = new Set(profile.stacks.frame.view());
  return [...seen].some((frame) => fits(nameOf(profile, frames.func.get(frame))));
}

function nameOf({ strings, funcs }: Profile, func: FuncIndex): string {
  return strings.get(funcs.name.get(func));
}

/** What each stack becomes. */
function selectedStacks(
  profile: Profile,
  { focus, ignore, root, foldInlined = false }: Selection,
): Int32Array {
  const { stacks, frames, funcs } = profile;
  const { length } = stacks;
  const by = (fits: (name: string) => boolean) =>
    Uint8Array.from({ length: funcs.length }, (_, func) => (fits(nameOf(profile, func)) ? 1 : 0));
  const focused = focus && by((name) => name.search(focus) >= 0);
  const ignored = ignore && by((name) => name.search(ignore) >= 0);
  const roots = root === undefined ? undefined : by((name) => name === root);

  const stackOf = new Int32Array(length);
  const isFocused = new Uint8Array(length);
  const isIgnored = new Uint8Array(length);
  const isRooted = new Uint8Array(length);
  // Callers have lower rows. Rows that are added here come after all of the profile's.
  for (let row = 0; row < length; row++) {
    const [frame, prefix] = [stacks.frame.get(row), stacks.prefix.get(row)];
    const func = frames.func.get(frame);
    const inherited = (flags: Uint8Array) => (prefix === NO_STACK ? 0 : (flags[prefix] as number));
    isFocused[row] = focused === undefined ? 1 : inherited(isFocused) || (focused[func] ?? 0);
    isIgnored[row] = ignored === undefined ? 0 : inherited(isIgnored) || (ignored[func] ?? 0);
    isRooted[row] = roots === undefined ? 1 : inherited(isRooted) || (roots[func] ?? 0);
    const caller = prefix === NO_STACK ? NO_STACK : (stackOf[prefix] as number);
    const isFolded = foldInlined && caller !== NO_STACK && frames.inlineDepth.get(frame) > 0;
    const isShown = isRooted[row] === 1 && !isFolded;
    stackOf[row] = isShown ? stacks.intern(caller, frame) : caller;
  }
  return stackOf.map((stack, row) => (isFocused[row] === 1 && isIgnored[row] === 0 ? stack : -1));
}

function selectOf(thread: Thread, stackOf: Int32Array, fromMs: number, toMs: number): void {
  const { samples, markers } = thread;
  const left = new SampleTable();
  for (let row = 0; row < samples.length; row++) {
    const timeMs = samples.time.get(row);
    if (timeMs < fromMs || timeMs > toMs) continue;
    const stack = samples.stack.get(row);
    left.push(
      stack === NO_STACK ? stack : (stackOf[stack] as number),
      timeMs,
      samples.cpuDelta.get(row),
    );
  }
  thread.samples = left;
  const leftMarkers = new MarkerTable();
  for (let row = 0; row < markers.length; row++) {
    const { phase, startMs, endMs, ...rest } = markers.row(row, 0);
    const first = phase === MarkerPhase.IntervalEnd ? endMs : startMs;
    const last = phase === MarkerPhase.Interval ? endMs : first;
    if (last < fromMs || first > toMs) continue;
    const kind = {
      name: markers.name.get(row),
      schema: markers.schema.get(row),
      category: markers.category.get(row),
    };
    leftMarkers.append(kind, { phase, startMs, endMs, ...rest }, markers.cause.get(row));
  }
  thread.markers = leftMarkers;
}
