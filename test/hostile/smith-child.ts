// Random modules, sampled at every epoch check: `smith-child.ts FIRST COUNT STEPS TRACE`, from seed FIRST on. Each
// sample must equal upstream's and Wasmtime's own walk. So many STEPS of each module's calls are instructions that are
// stepped through, at each of which a signal's walk must be right. Prints what it counted.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  Engine,
  Func,
  type FuncType,
  GuestProfiler,
  type Instance,
  Linker,
  Module,
  Store,
  UpdateDeadline,
  WasmtimeError,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { OraclePair } from '../oracle/oracle-pair.js';
import { seededRandom } from '../support/random.js';

const [first = '1', count = '1', steps = '0', trace = '/dev/null'] = process.argv.slice(2);

/** Ends a guest that has been sampled often enough. */
class Enough extends Error {}

const counted = {
  modules: 0,
  /** Modules that Wasmtime does not take, or whose start failed. */
  refused: 0,
  calls: 0,
  traps: 0,
  stopped: 0,
  samples: 0,
  frames: 0,
  deepest: 0,
  markers: 0,
  walks: 0,
  walkedFrames: 0,
  /** Of those, the ones of Wasmtime's own startup functions, of which its backtraces don't tell. */
  startups: 0,
  /** Instructions of guests, and of hosts that these have called, with a stack to compare. */
  stepped: 0,
};

const engines = [{}, { target: 'pulley64' }, { consumeFuel: true }].map((config) => {
  return new Engine({ epochInterruption: true, wasmBacktraceMaxFrames: 20_000, ...config });
});

const plainEngine = new Engine({ consumeFuel: true });

for (const [i, bytes] of makeModules(Number(first), Number(count)).entries()) {
  const seed = Number(first) + i;
  writeFileSync(trace, `seed ${seed}`);
  await tryModule(seed, bytes);
  if (Number(steps) > 0) stepModule(seed, bytes);
}
console.log(JSON.stringify(counted));

function makeModules(first: number, count: number): Uint8Array[] {
  const smith = fileURLToPath(new URL('../smith/target/release/smith', import.meta.url));
  const all = execFileSync(smith, [`${first}`, `${count}`], { maxBuffer: 2 ** 30 });
  const modules: Uint8Array[] = [];
  for (let at = 0; at < all.length; ) {
    const length = all.readUInt32LE(at);
    modules.push(all.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return modules;
}

async function tryModule(seed: number, bytes: Uint8Array): Promise<void> {
  const random = seededRandom(seed);
  const engine = engines[random(engines.length)] as Engine;
  const module = unlessRefused(() => Module.compile(engine, bytes));
  if (module === undefined) {
    counted.refused++;
    return;
  }
  counted.modules++;
  const store = new Store(engine);
  store.limiter({ memorySize: 1 << 24, tableElements: 100_000 });
  if (engine === engines[2]) store.setFuel(1_000_000);
  native.checkWalks(true);
  const pair = new OraclePair(engine, [['random', module]]);
  pair.attach(store);
  let left = 0;
  const sample = (): void => {
    pair.sample(store);
    if (left-- <= 0) throw new Enough();
  };
  store.epochDeadlineCallback(() => {
    sample();
    // Reached again at the next function or loop.
    return UpdateDeadline.continue(0);
  });
  store.setEpochDeadline(0);
  store.callHook((store, kind) => pair.callHook(store, kind));

  const begin = (): void => {
    left = random(10) === 0 ? 500 : 40;
  };
  begin();
  let exported: Func[] = [];
  const host = hosts(store, random, () => exported, sample);
  const instance = unlessRefused(() => instantiate(store, module, host));
  if (instance === undefined) counted.refused++;
  else {
    exported = Object.values(instance.exports(store)).filter((item) => item instanceof Func);
    for (const func of exported) {
      begin();
      counted.calls++;
      try {
        func.call(store, ...argumentsOf(func.type, random));
      } catch (error) {
        rethrowUnlessExpected(error);
      }
    }
  }
  const compared = await pair.compare();
  counted.samples += compared.samples;
  counted.frames += compared.frames;
  counted.markers += compared.markers;
  counted.deepest = Math.max(counted.deepest, compared.deepest);
  const { walks, frames, startups, different, difference } = native.walkChecks();
  counted.walks += walks;
  counted.walkedFrames += frames;
  counted.startups += startups;
  if (different > 0) throw new Error(`seed ${seed}: ${difference}`);
  store.dispose();
}

/** Steps through calls of code without epoch checks. */
function stepModule(seed: number, bytes: Uint8Array): void {
  const random = seededRandom(seed);
  const module = unlessRefused(() => Module.compile(plainEngine, bytes));
  if (module === undefined) return;
  const store = new Store(plainEngine);
  store.limiter({ memorySize: 1 << 24, tableElements: 100_000 });
  store.setFuel(2 * Number(steps));
  const profiler = new GuestProfiler('steps', 1, [['random', module]]);
  let exported: Func[] = [];
  const host = hosts(store, random, () => exported);
  const instance = unlessRefused(() => instantiate(store, module, host));
  if (instance === undefined) return;
  exported = Object.values(instance.exports(store)).filter((item) => item instanceof Func);
  const callAll = (): void => {
    for (const func of exported) {
      try {
        func.call(store, ...argumentsOf(func.type, random));
      } catch (error) {
        rethrowUnlessExpected(error);
      }
    }
  };
  // What JavaScript does at first calls only would take most of the steps.
  callAll();
  native.beginSteps(GuestProfiler.recording(profiler).native, Number(steps), Number(steps), false);
  try {
    callAll();
  } catch (error) {
    native.endSteps();
    throw error;
  }
  const { compared, different, difference } = native.endSteps();
  counted.stepped += compared;
  if (different > 0) throw new Error(`seed ${seed}, a step: ${difference}`);
  store.dispose();
}

/** Makers of host functions, which look, throw, and call back. */
function hosts(
  store: Store,
  random: (limit: number) => number,
  exported: () => readonly Func[],
  look = (): void => {},
) {
  let depth = 0;
  return (results: readonly unknown[]) => (): unknown => {
    look();
    const what = random(8);
    const func = exported()[random(Math.max(1, exported().length))];
    if (what === 0) throw new Enough();
    if (what < 4 && func !== undefined && depth < 20) {
      depth++;
      try {
        func.call(store, ...argumentsOf(func.type, random));
      } catch (error) {
        rethrowUnlessExpected(error);
      } finally {
        depth--;
      }
    }
    return results.length === 1 ? results[0] : results;
  };
}

function instantiate(
  store: Store,
  module: Module,
  host: (results: readonly unknown[]) => () => unknown,
): Instance {
  const linker = new Linker(store.engine).allowShadowing(true);
  for (const { module: from, name, type } of module.imports) {
    if (type.kind !== 'func') continue;
    const { params, results } = type as unknown as FuncType;
    const values = results.map((type) => zero(type));
    // Of types that no host function can have, Wasmtime makes one that returns zeros.
    if (values.includes(undefined)) continue;
    try {
      // biome-ignore lint/suspicious/noExplicitAny: of any type.
      linker.funcWrap(from, name, { params, results }, host(values) as any);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  linker.defineUnknownImportsAsDefaultValues(store, module);
  return linker.instantiate(store, module);
}

function unlessRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    rethrowUnlessExpected(error);
    return undefined;
  }
}

function rethrowUnlessExpected(error: unknown): void {
  if (error instanceof Enough) counted.stopped++;
  else if (error instanceof WasmtimeError) counted.traps++;
  // A null where the type has none, for want of a value.
  else if (!(error instanceof TypeError && 'code' in error)) throw error;
}

function argumentsOf(
  type: { readonly params: readonly string[] },
  random: (limit: number) => number,
): unknown[] {
  return type.params.map((param) => {
    if (param === 'i32') return random(2 ** 31);
    if (param === 'i64') return BigInt(random(2 ** 31));
    return zero(param);
  });
}

/** A value of that type; undefined when the test knows none. */
function zero(type: string): unknown {
  switch (type) {
    case 'i32':
    case 'f32':
    case 'f64':
      return 0;
    case 'i64':
      return 0n;
    case 'v128':
      return new Uint8Array(16);
    case 'funcref':
    case 'externref':
    case 'anyref':
      return null;
    default:
      return undefined;
  }
}
