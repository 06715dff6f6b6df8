import type { NativeOracle } from '../../lib/generated/native.js';
import {
  CallHook,
  type Component,
  Engine,
  GuestProfiler,
  type Module,
  type Store,
  type Storelike,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { listedCode } from '../../lib/profiler/named-module.js';
import { Component as ComponentClass } from '../../lib/runtime/component/component.js';
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
  /** Of the samples, those that a recorder took as well. */
  recorded: number;
}

/** What the comparisons of a file saw in all. */
export class Tally {
  readonly total: Compared = { samples: 0, frames: 0, markers: 0, deepest: 0, recorded: 0 };

  readonly count = (compared: Compared): Compared => {
    for (const key of ['samples', 'frames', 'markers', 'recorded'] as const) {
      this.total[key] += compared[key];
    }
    this.total.deepest = Math.max(this.total.deepest, compared.deepest);
    return compared;
  };
}

/** Our profiler and Wasmtime's own, told of the same moments on the same stores. */
export class OraclePair {
  readonly profiler: GuestProfiler;
  /** Our profile as JSON, once it was compared. */
  // biome-ignore lint/suspicious/noExplicitAny: parsed JSON.
  ours: any;
  /** Another one of ours, which samples on its own at each tick: `undefined` until it is attached. */
  #recorded: GuestProfiler | undefined;
  #recordsHostCalls = true;
  readonly #begin: () => GuestProfiler;
  /** Host calls that are open, and the markers of those that were epoch callbacks. */
  readonly #hostCalls: { marker: number; isEpoch: boolean }[] = [];
  readonly #epochMarkers = new Set<number>();
  #markers = 0;
  readonly #oracle: NativeOracle;
  /** Functions that a module imports: upstream numbers unnamed functions without them. */
  readonly #imports = new Map<string, number>();
  /** Functions that have no name but an export. */
  readonly #exported = new Map<string, number>();

  constructor(
    engine: Engine,
    modules: readonly (readonly [string, Module])[],
    component?: Component,
  ) {
    const options = { lines: false };
    this.#begin = () =>
      component === undefined
        ? new GuestProfiler('guest', 1, modules, options)
        : GuestProfiler.forComponent('guest', 1, component, modules, options);
    this.profiler = this.#begin();
    this.#oracle = new native.NativeOracle(
      Engine.native('engine', engine),
      'guest',
      1,
      modules.map(([name]) => name),
      modules.map(([, module]) => ModuleClass.native('module', module)),
      component && ComponentClass.native('component', component),
    );
    const listed = component === undefined ? modules : [['guest', component], ...modules];
    for (const { name, code } of listedCode(listed)) {
      const { index } = code.functions();
      this.#imports.set(name, Math.min(...index));
      const names = code.functionNames(index, false);
      for (const [i, exported] of code.exportedNames(index).entries()) {
        if (exported != null && names[i] == null) this.#exported.set(exported, index[i] as number);
      }
    }
  }

  /** Has a recorder sample the store too, at each tick of its engine. */
  attach(store: Store, hostCalls = true): void {
    this.#recorded ??= this.#begin();
    this.#recordsHostCalls = hostCalls;
    this.#recorded.attach(store, { everyEpoch: true, hostCalls });
  }

  sample(store: Storelike, deltaMs = 0): void {
    const hostCall = this.#hostCalls.at(-1);
    if (hostCall) hostCall.isEpoch = true;
    this.profiler.sample(store, deltaMs);
    this.#oracle.sample(StoreClass.native(StoreClass.of('store', store), store), deltaMs);
  }

  callHook(store: Store, kind: CallHook): void {
    if (kind === CallHook.CallingHost) {
      this.#hostCalls.push({ marker: this.#markers++, isEpoch: false });
    } else if (kind === CallHook.ReturningFromHost) {
      const hostCall = this.#hostCalls.pop();
      const end = this.#markers++;
      if (hostCall?.isEpoch) this.#epochMarkers.add(hostCall.marker).add(end);
    }
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
    this.ours = ours;
    assertProfileIntegrity(ours);
    const upstream = JSON.parse(this.finishUpstream());
    const compared = compareProfiles(ours, upstream, this.#imports, new Set(), this.#exported);
    if (this.#recorded) {
      const recorded = JSON.parse(Buffer.from(await this.#recorded.finish()).toString());
      assertProfileIntegrity(recorded);
      const without = this.#recordsHostCalls ? this.#epochMarkers : 'all';
      compareProfiles(recorded, upstream, this.#imports, without, this.#exported);
      compared.recorded = compared.samples;
    }
    return compared;
  }
}

/**
 * Compares all but upstream's markers `without`.
 *
 * @throws Error that names the first sample or marker that differs.
 */
export function compareProfiles(
  ours: unknown,
  upstream: unknown,
  imports: ReadonlyMap<string, number>,
  without: ReadonlySet<number> | 'all' = new Set(),
  exported: ReadonlyMap<string, number> = new Map(),
): Compared {
  // Ours goes by the module's function index, as Wasmtime's traps do; upstream leaves out the imports.
  // Of the functions without a name, ours calls those that are exported so, as the text format would.
  // A module without a name in a component has that which the component has for it, or its number there;
  // upstream calls each '<unknown>'.
  const our = readStacks(
    ours,
    (module, name) =>
      (exported.has(name) ? `wasm-function[${exported.get(name)}]` : name).replace(
        /^wasm-function\[(\d+)\]$/,
        (_, index: string) => {
          return `<wasm function ${Number(index) - (imports.get(module) ?? 0)}>`;
        },
      ),
    (module) => module.replace(/^(guest\[\d+\]|adapter|wit-component.*)$/, '<unknown>'),
  );
  const their = readStacks(upstream, (_, name) => withoutHashes(name));
  const compared = { samples: 0, frames: 0, markers: 0, deepest: 0, recorded: 0 };
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
  const theirMarkers = their.markers.filter((_, i) => without !== 'all' && !without.has(i));
  // Upstream marks host calls alone. Ours also marks traps, which `test/profiler/trap-markers.test.ts` compares.
  const ourMarkers = our.markers.filter((marker) => !marker.startsWith('trap trap phase 0'));
  demandEqual('markers', ourMarkers.length, theirMarkers.length);
  for (const [i, theirs] of theirMarkers.entries()) {
    demandEqual(`marker ${i}`, ourMarkers[i] as string, theirs);
    compared.markers++;
  }
  return compared;
}

/** Ours leaves out the hashes that Rust's names have, of crates by the newer scheme, of functions by the older. */
function withoutHashes(name: string): string {
  return name.replace(/(?<=\w)\[[0-9a-f]{3,16}\]/g, '').replace(/::h[0-9a-f]{16}$/, '');
}

function demandEqual<T extends string | number>(what: string, ours: T, upstream: T): void {
  if (ours !== upstream) throw new Error(`${what}: ours ${ours}, upstream ${upstream}`);
}
