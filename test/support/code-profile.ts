import { Engine, FinishedProfile, GuestProfiler, Linker, Module, Store } from '../../lib/index.js';
import type { Profile } from '../../lib/profile/profile.js';
import { NO_SOURCE } from '../../lib/profile/source-table.js';

/** `repeat`, called by `both`, takes 5 samples in a loop, `both` one itself. */
export const CALLS = `(module
  (import "env" "sample" (func $sample))
  (func $repeat (param $times i32)
    (loop $again
      (call $sample)
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
  (func $both (export "run")
    (call $repeat (i32.const 3))
    (call $sample)
    (call $repeat (i32.const 2))))`;

/** A profile of a module's function `run`, with a sample for each call of its import. */
export function profileOfCalls(code: string | Module = CALLS): {
  readonly finished: FinishedProfile;
  readonly model: Profile;
  readonly module: Module;
} {
  const module = typeof code === 'string' ? Module.compile(new Engine(), code) : code;
  const store = new Store(module.engine);
  const profiler = new GuestProfiler('p', 1, [['guest', module]]);
  const linker = new Linker(module.engine);
  linker.funcWrap('env', 'sample', { params: [], results: [] }, () => profiler.sample(store, 0));
  linker.instantiate(store, module).getFunc(store, 'run').call(store);
  const finished = profiler.finishProfile();
  return { finished, model: FinishedProfile.model(finished), module };
}

/** The compiled functions of which a line of source is known. */
export function withSourceLines({ frames, funcs }: Profile): Set<number> {
  const known = new Set<number>();
  for (let frame = 0; frame < frames.length; frame++) {
    const hasSource = funcs.source.get(frames.func.get(frame)) !== NO_SOURCE;
    if (hasSource && frames.line.get(frame) > 0) known.add(frames.nativeSymbol.get(frame));
  }
  return known;
}
