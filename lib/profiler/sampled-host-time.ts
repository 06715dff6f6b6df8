import type { CategoryIndex } from '../profile/category.js';
import { Int32Log, Uint8Log } from '../profile/column.js';
import type { Profile } from '../profile/profile.js';
import type { SampleIndex, SampleTable } from '../profile/sample-table.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';
import type { StringIndex } from '../profile/string-table.js';
import type { Thread } from '../profile/thread.js';
import { namesOfCalls } from './host-calls.js';
import type { ListedCode } from './listed-code.js';
import type { StackInterner } from './stack-interner.js';

/** Samples that fell into the host, whose stacks end where the guest called it. */
export class HostSamples {
  readonly rows = new Int32Log();
  /** 1 in a function of the host, 0 in Wasmtime itself. */
  readonly isHost = new Uint8Log();

  push(row: SampleIndex, isHost: boolean): void {
    this.rows.push(row);
    this.isHost.push(isHost ? 1 : 0);
  }
}

/**
 * Finds what the guest had called where samples fell into the host, while stacks are still those of the recording.
 * Returns what puts it on top of them once they are the profile's:
 *
 * ```
 * main → parse            at the call of fd_read        main → parse → wasi_snapshot_preview1.fd_read     Host
 * main → clear_all        at memory.fill                main → clear_all → memory.fill                    Wasmtime
 * ```
 *
 * Such a frame has no address and no module, since it is the host's.
 */
export function hostLeaves(
  profile: Profile,
  samples: SampleTable,
  { rows, isHost }: HostSamples,
  interner: StackInterner,
  modules: readonly ListedCode[],
  bases: Uint32Array,
  warn: (warning: string) => void,
): (thread: Thread) => void {
  if (rows.length === 0) return () => {};
  const callers = new Set<StackIndex>();
  for (const row of each(rows)) callers.add(samples.stack.get(row));
  const callOf = namesOfCalls(profile, callers, interner, modules, bases, warn);
  const names = new Int32Log();
  const categories = new Int32Log();
  const categoryOf = (isHost: boolean): CategoryIndex =>
    isHost
      ? profile.categories.intern('Host', 'yellow')
      : profile.categories.intern('Wasmtime', 'lightred');
  const unknown = (isHost: boolean): StringIndex =>
    profile.strings.intern(isHost ? 'host function' : 'Wasmtime');
  for (let i = 0; i < rows.length; i++) {
    const call = callOf(samples.stack.get(rows.get(i)));
    const isImport = call?.isImport ?? isHost.get(i) === 1;
    names.push(call?.name ?? unknown(isImport));
    categories.push(categoryOf(isImport));
  }
  return ({ samples: { stack } }) => {
    for (let i = 0; i < rows.length; i++) {
      const row = rows.get(i);
      const caller = stack.get(row);
      if (caller === NO_STACK) continue;
      const func = profile.funcs.intern({ name: names.get(i) });
      const frame = profile.frames.intern({ func, category: categories.get(i) });
      stack.set(row, profile.stacks.intern(caller, frame));
    }
  };
}

function* each(log: Int32Log): Iterable<number> {
  for (const rows of log.segments()) yield* rows;
}
