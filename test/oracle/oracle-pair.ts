import type { NativeOracle } from '../../lib/generated/native.js';
import { CallHook, Engine, GuestProfiler, type Module, type Store } from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { Module as ModuleClass } from '../../lib/runtime/module.js';
import { Store as StoreClass } from '../../lib/runtime/store.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { readStacks } from './stacks.js';

const KINDS = Object.values(CallHook);

/** How much a comparison saw. */
export interface Compared {
  samples: number;
  frames: number;
  markers: number;
  deepest: number;
}

/** Our profiler and Wasmtime's own, told of the same moments on the same stores. */
export class OraclePair {
  readonly profiler: GuestProfiler;
  readonly #oracle: NativeOracle;
  /** Functions that a module imports: upstream numbers unnamed functions without them. */
  readonly #imports = new Map<string, number>();
  samples = 0;

  constructor(engine: Engine, modules: readonly (readonly [string, Module])[]) {
    this.profiler = new GuestProfiler('guest', 1, modules);
    this.#oracle = new native.NativeOracle(
      Engine.native('engine', engine),
      'guest',
      1,
      modules.map(([name]) => name),
      modules.map(([, module]) => ModuleClass.native('module', module)),
    );
    for (const [name, module] of modules) {
      const functions = module.imports.filter(({ type }) => type.kind === 'func');
      this.#imports.set(name, functions.length);
    }
  }

  sample(store: Store, deltaMs = 0): void {
    this.samples++;
    this.profiler.sample(store, deltaMs);
    this.#oracle.sample(StoreClass.native(store), deltaMs);
  }

  callHook(store: Store, kind: CallHook): void {
    this.profiler.callHook(store, kind);
    this.#oracle.callHook(StoreClass.native(store), KINDS.indexOf(kind));
  }

  /** Ends upstream's profile: its JSON. */
  finishUpstream(): string {
    return this.#oracle.finish().toString();
  }

  /** Ends both profiles and demands that they are equal, sample by sample and marker by marker. */
  async compare(): Promise<Compared> {
    const ours = JSON.parse(Buffer.from(await this.profiler.finish()).toString());
    assertProfileIntegrity(ours);
    const upstream = JSON.parse(this.finishUpstream());
    return compareProfiles(ours, upstream, this.#imports);
  }
}

/** @throws Error that names the first sample or marker that differs. */
export function compareProfiles(
  ours: unknown,
  upstream: unknown,
  imports: ReadonlyMap<string, number>,
): Compared {
  // Ours goes by the module's function index, as Wasmtime's traps do; upstream leaves out the imports.
  const our = readStacks(ours, (module, name) =>
    name.replace(/^wasm-function\[(\d+)\]$/, (_, index: string) => {
      return `<wasm function ${Number(index) - (imports.get(module) ?? 0)}>`;
    }),
  );
  const their = readStacks(upstream);
  const compared = { samples: 0, frames: 0, markers: 0, deepest: 0 };
  demandEqual('samples', our.samples.length, their.samples.length);
  for (const [i, theirs] of their.samples.entries()) {
    const stack = our.samples[i] as string[];
    demandEqual(`sample ${i}: frames`, stack.length, theirs.length);
    for (const [depth, frame] of theirs.entries()) {
      demandEqual(`sample ${i}, frame ${depth}`, stack[depth] as string, frame);
    }
    compared.samples++;
    compared.frames += theirs.length;
    compared.deepest = Math.max(compared.deepest, theirs.length);
  }
  demandEqual('markers', our.markers.length, their.markers.length);
  for (const [i, theirs] of their.markers.entries()) {
    demandEqual(`marker ${i}`, our.markers[i] as string, theirs);
    compared.markers++;
  }
  return compared;
}

function demandEqual<T extends string | number>(what: string, ours: T, upstream: T): void {
  if (ours !== upstream) throw new Error(`${what}: ours ${ours}, upstream ${upstream}`);
}
