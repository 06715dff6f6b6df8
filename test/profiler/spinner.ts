import { Engine, Linker, Module, Store, type TypedFunc } from '../../lib/index.js';

const SPINNER = `(module
  (memory (export "memory") 1)
  (func $work (param i32) (loop $again
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
    (br_if $again (local.get 0))))
  (func (export "spin") (param i32) (call $work (local.get 0)))
  (func (export "trap") (param i32) (call $work (local.get 0)) unreachable))`;

/** A guest that spins for as long as it is told. */
export interface Spinner {
  readonly engine: Engine;
  readonly module: Module;
  readonly store: Store;
  /** Runs a loop that often: some 5 million are some milliseconds. */
  readonly spin: TypedFunc;
  readonly trap: TypedFunc;
}

export function spinner(): Spinner {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, SPINNER);
  const store = new Store(engine);
  store.setEpochDeadline(Number.MAX_SAFE_INTEGER);
  const instance = new Linker(engine).instantiate(store, module);
  const type = { params: ['i32'], results: [] } as const;
  const spin = instance.getTypedFunc(store, 'spin', type) as unknown as TypedFunc;
  const trap = instance.getTypedFunc(store, 'trap', type) as unknown as TypedFunc;
  return { engine, module, store, spin, trap };
}
