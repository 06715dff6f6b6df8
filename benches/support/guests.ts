import { fileURLToPath } from 'node:url';
import {
  type Config,
  Engine,
  type Instance,
  Linker,
  Module,
  Store,
  threadCpuTime,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';

/** The file of a guest of the tests. */
export function guestFile(name: string): string {
  return fileURLToPath(new URL(`../../test/guests/${name}`, import.meta.url));
}

/** The file of a guest of the benches. */
export function benchGuestFile(name: string): string {
  return fileURLToPath(new URL(`../guests/${name}`, import.meta.url));
}

/** Milliseconds of one run of a program: by the wall, and of its thread's CPU. */
export interface RunTime {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** A compiled WASI program, to be run any number of times. */
export class Program {
  readonly module: Module;
  readonly #linker: Linker;
  readonly #name: string;
  /** What its runs print by argument, which must always be the same. */
  readonly #printed = new Map<string, string>();

  constructor(name: string, config: boolean | Config = true, file = guestFile(name)) {
    const engine = new Engine(typeof config === 'boolean' ? { epochInterruption: config } : config);
    this.#name = name;
    this.module = Module.fromFile(engine, file);
    this.#linker = new Linker(engine).addWasi();
  }

  /** Runs it in a store that `prepare` has seen, and throws unless it does its work. */
  run(argument: string | readonly string[], prepare: (store: Store) => void = () => {}): RunTime {
    using store = new Store(this.module.engine);
    const args = [this.#name, ...[argument].flat()];
    store.setWasi(new WasiConfig({ args, stdout: 'capture' }));
    // No deadline of its own.
    store.setEpochDeadline(Number.MAX_SAFE_INTEGER);
    const instance = this.#linker.instantiate(store, this.module);
    prepare(store);
    const wall = performance.now();
    const cpu = threadCpuTime();
    start(store, instance);
    const cpuMs = threadCpuTime() - cpu;
    const wallMs = performance.now() - wall;
    this.#check(args.join(' '), Buffer.from(store.wasiOutput('stdout') ?? []).toString());
    return { wallMs, cpuMs };
  }

  #check(command: string, printed: string): void {
    const before = this.#printed.get(command) ?? printed;
    if (!printed.includes('checksum=') || printed !== before) {
      throw new Error(`${command} printed '${printed}', and '${before}' before`);
    }
    this.#printed.set(command, printed);
  }
}

function start(store: Store, instance: Instance): void {
  try {
    instance.getFunc(store, '_start').call(store);
  } catch (error) {
    if (!(error instanceof WasiExit && error.exitCode === 0)) throw error;
  }
}

/** benches/guests/depth.wat: a stack of any depth, and any number of epoch checks at its end. */
export class DepthGuest {
  readonly module: Module;
  readonly #linker: Linker;

  constructor(deepest: number) {
    const engine = new Engine({
      epochInterruption: true,
      maxWasmStack: 2 ** 20,
      // Otherwise a `WasmBacktrace` ends at 20 frames.
      wasmBacktraceMaxFrames: deepest + 1,
    });
    this.module = Module.fromFile(engine, benchGuestFile('depth.wat'));
    this.#linker = new Linker(engine);
  }

  /** `run(depth, checks)` in a store of its own. */
  start(): { store: Store; run(depth: number, checks: number): void } {
    const store = new Store(this.module.engine);
    store.setEpochDeadline(Number.MAX_SAFE_INTEGER);
    const run = this.#linker
      .instantiate(store, this.module)
      .getTypedFunc(store, 'run', { params: ['i32', 'i32'], results: [] });
    // The guest's own entries and headers are checks too: see the file.
    return { store, run: (depth, checks) => run.call(store, depth, checks) };
  }
}
