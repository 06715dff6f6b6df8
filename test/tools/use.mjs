/** Uses the library as programs do, as the tool under test gives it to them; what came of it. */
export async function use({ Engine, GuestProfiler, Linker, Module, Store, Trap, WasiConfig }) {
  const engine = new Engine({ epochInterruption: true });
  const text = `(module
    (import "host" "twice" (func $twice (param i32) (result i32)))
    (import "host" "later" (func $later (result i64)))
    (memory (export "memory") 1)
    (func (export "half") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "host") (param i32) (result i32) (call $twice (local.get 0)))
    (func (export "wait") (result i64) (call $later)))`;
  // Bytes, functions, promises and errors are those of the tool's realm.
  const module = Module.compile(engine, new TextEncoder().encode(text));
  const linker = new Linker(engine)
    .funcWrap('host', 'twice', { params: ['i32'], results: ['i32'] }, (_caller, value) => {
      if (value < 0) throw new RangeError('negative');
      return 2 * value;
    })
    .funcWrapAsync('host', 'later', { params: [], results: ['i64'] }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return 7n;
    });
  const store = new Store(engine);
  store.setEpochDeadline(1e9);
  store.setWasi(new WasiConfig({ args: ['tested'], stdin: new Uint8Array([1]) }));
  const profiler = new GuestProfiler('tested', 1, [['tested', module]]);
  profiler.attach(store, { everyEpoch: true });
  const instance = await linker.instantiateAsync(store, module);
  const call = (name, ...args) => instance.getFunc(store, name).callAsync(store, ...args);
  const thrown = (name, ...args) => call(name, ...args).catch((error) => error);
  instance.getMemory(store, 'memory').write(store, 0, new Uint8Array([42]));
  const trap = await thrown('half', 1, 0);
  const error = await thrown('host', -1);
  const found = {
    results: [await call('half', 84, 2), await call('host', 21), await call('wait')].map(String),
    byte: instance.getMemory(store, 'memory').data(store)[0],
    trap: [trap instanceof Trap, trap.trapCode],
    error: [error instanceof RangeError, error.message],
    misuse: misuse(() => new Store({})),
  };
  const profile = profiler.finishProfile();
  store.dispose();
  found.product = JSON.parse(new TextDecoder().decode(await profile.write())).meta.product;
  const page = await profile.write(undefined, { format: 'html' }).catch(({ code }) => code);
  // Tools that leave the package where it is have the page's template; one file has none.
  found.page = typeof page === 'string' ? page : new TextDecoder().decode(page.subarray(0, 15));
  return found;
}

function misuse(fn) {
  try {
    fn();
  } catch (error) {
    return [error instanceof TypeError, error.code];
  }
  return [];
}
